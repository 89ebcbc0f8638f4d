import { describe, expect } from 'vitest'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import { type ComponentFlags, type ComponentReading, componentLists, isStaged } from '../../src/plan/deploy/staging.ts'
import { configMap, conform } from './conform.ts'
import { SimulatedServer } from './simulated-server.ts'

const none: ComponentFlags = { disable: [], noDeploy: [], disableCloudController: false }

function listsOf(flags: Partial<ComponentFlags>, version: string): ComponentReading {
  const parsed = parseK3sVersion(version)
  if (parsed === undefined) throw new Error(version)
  return componentLists({ ...none, ...flags }, parsed)
}

describe('staging', () => {
  conform(5, 'source-derived', 'a disabled component is not staged', () => {
    expect(isStaged('traefik.yaml', ['traefik'])).toBe(false)
    expect(isStaged('coredns.yaml', ['traefik'])).toBe(true)
  })

  conform(6, 'source-derived', 'a disabled directory is not staged', () => {
    expect(isStaged('metrics-server/auth-reader.yaml', ['metrics-server'])).toBe(false)
    expect(isStaged('metrics-server/auth-reader.yaml', ['metrics-server/auth-reader'])).toBe(false)
    expect(isStaged('metrics-server/auth-reader.yaml', ['auth-reader'])).toBe(true)
  })

  conform(7, 'recorded', 'a .skip marker keeps a packaged file from being applied, not from being staged', () => {
    const server = new SimulatedServer()
    server.disk.write('coredns.yaml', configMap('coredns'))
    server.disk.write('coredns.yaml.skip', '')
    server.pass()
    expect(isStaged('coredns.yaml', [])).toBe(true)
    expect(server.api.names('ConfigMap')).toEqual([])
  })

  conform(10, 'recorded', 'a template variable in a user file stays as it is written', () => {
    const server = new SimulatedServer()
    server.disk.write('mine.yaml', configMap('mine', '{k: "%{CLUSTER_DNS}%"}'))
    server.pass()
    expect(server.api.object('ConfigMap', 'mine')).toMatchObject({ data: { k: '%{CLUSTER_DNS}%' } })
  })

  conform(11, 'source-derived', 'the file of a component that is no longer shipped is deployed as before', () => {
    const server = new SimulatedServer()
    server.disk.write('old-component.yaml', configMap('old'))
    server.pass()
    server.restart()
    server.pass()
    expect(server.disk.has('old-component.yaml')).toBe(true)
    expect(server.api.names('ConfigMap')).toEqual(['default/old'])
  })

  conform(12, 'source-derived', 'without the cloud controller, ccm stays staged while ServiceLB needs it', () => {
    const flags = { disableCloudController: true }
    expect(listsOf(flags, 'v1.36.3+k3s1')).toEqual({ kind: 'lists', lists: { skipped: [], disabled: [] } })
    expect(listsOf({ ...flags, disable: ['servicelb'] }, 'v1.36.3+k3s1')).toMatchObject({
      lists: { skipped: ['servicelb', 'ccm'], disabled: ['servicelb', 'ccm'] },
    })
    expect(listsOf(flags, 'v1.24.6+k3s1')).toMatchObject({ lists: { skipped: ['ccm'], disabled: ['ccm'] } })
  })

  conform(64, 'source-derived', '--no-deploy skips staging up to 1.24 and stops K3s after it', () => {
    const flags = { noDeploy: ['traefik'] }
    expect(listsOf(flags, 'v1.24.17+k3s1')).toEqual({ kind: 'lists', lists: { skipped: ['traefik'], disabled: [] } })
    expect(listsOf(flags, 'v1.25.0+k3s1')).toEqual({ kind: 'fatal' })
    expect(listsOf(flags, 'v1.26.0+k3s1')).toEqual({ kind: 'fatal' })
  })

  conform(63, 'source-derived', 'an empty disable item survives the reading of the flag', () => {
    expect(listsOf({ disable: ['traefik, ', 'coredns'] }, 'v1.36.3+k3s1')).toMatchObject({
      lists: { disabled: ['traefik', '', 'coredns'] },
    })
  })
})

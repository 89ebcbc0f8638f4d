import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Facts, NodeFacts } from '../../src/domain/facts.ts'
import { scalarOf } from '../../src/k3s/config/effective-settings.ts'
import { lintMachine } from '../../src/reconcile/lint-machine.ts'
import { viewMachine } from '../../src/reconcile/machine-subject.ts'
import { hostReading, running } from '../lab/machine-reading.ts'

const config = '/etc/rancher/k3s/config.yaml'
const unit = '/etc/systemd/system/k3s.service'
const manifests = '/var/lib/rancher/k3s/server/manifests'

function liveNode(name: string, rest: Partial<NodeFacts> = {}): NodeFacts {
  return { name, role: 'server', labels: {}, addresses: [], ...rest }
}

const live = (nodes: readonly NodeFacts[], rest: Partial<Facts> = {}): Facts => ({
  origin: 'live',
  nodes,
  services: [],
  ...rest,
})

describe('a machine', () => {
  test('is called as its flags say, then as it calls itself', () => {
    expect(viewMachine({ reading: hostReading() }).node.name).toBe('pi-1')
    expect(viewMachine({ reading: hostReading({ [config]: 'node-name: pi-7\n' }) }).node.name).toBe('pi-7')
    expect(viewMachine({ reading: hostReading(), name: 'other' }).node.name).toBe('other')
  })

  test('has the role of its service, whatever was taken for granted', () => {
    const agent = '[Service]\nExecStart=/usr/local/bin/k3s agent\n'
    const reading = hostReading({ '/etc/systemd/system/k3s-agent.service': agent })
    expect(viewMachine({ reading, role: 'server' }).node.role).toBe('agent')
    expect(viewMachine({ reading: hostReading(), role: 'agent' }).node.role).toBe('agent')
    const typed = hostReading({}, { process: running({ arguments: ['k3s', 'agent', '--node-name', 'pi-2'] }) })
    expect(viewMachine({ reading: typed }).node).toMatchObject({ role: 'agent', name: 'pi-2' })
  })

  test('is told by its service and its files, not by what K3s shows of itself beside them', () => {
    const reading = hostReading(
      { [unit]: '[Service]\nExecStart=/usr/local/bin/k3s server --disable=traefik\n', [config]: 'node-name: pi-7\n' },
      {
        process: running({ arguments: ['k3s', 'server', '--node-name=old'], environment: { K3S_NODE_NAME: 'older' } }),
      },
    )
    const { node } = viewMachine({ reading })
    expect(node.name).toBe('pi-7')
    expect(scalarOf(node.settings, 'disable')).toMatchObject({
      text: 'traefik',
      at: { place: { file: unit, line: 2 } },
    })
  })

  test('has its manifests, and the objects of those that K3s deploys', () => {
    const service = (name: string): string => `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\n`
    const { subject } = viewMachine({
      reading: hostReading({
        [`${manifests}/coredns.yaml`]: service('kube-dns'),
        [`${manifests}/lan.yaml`]: service('lan'),
        [`${manifests}/sub/off.yaml`]: service('off'),
        [`${manifests}/off.yaml.skip`]: '',
        [`${manifests}/.hidden.yaml`]: service('hidden'),
        [`${manifests}/secret.yaml`]: 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { a: b }\n',
      }),
    })
    expect(subject.manifests.map(({ name, isPackaged = false }) => [name, isPackaged])).toEqual([
      ['coredns.yaml', true],
      ['lan.yaml', false],
      ['sub/off.yaml', false],
      ['off.yaml.skip', false],
      ['.hidden.yaml', false],
      ['secret.yaml', false],
    ])
    expect(subject.objects.map(({ object }) => object.metadata.name)).toEqual(['kube-dns', 'lan'])
    expect(subject.services.map(({ service: { name } }) => name)).toEqual(['kube-dns', 'lan'])
  })

  test('has a K3s where a trace of one is', () => {
    const traces = [config, unit, '/etc/init.d/k3s-agent', '/etc/default/k3s', `${manifests}/lan.yaml`]
    for (const path of traces) expect(viewMachine({ reading: hostReading({ [path]: '' }) }).hasK3s).toBe(true)
    const others = { '/etc/hostname': 'pi-1\n', '/etc/cni/net.d/10-calico.conflist': '{}', '/etc/ufw/ufw.conf': '' }
    expect(viewMachine({ reading: hostReading(others) }).hasK3s).toBe(false)
    const closed = hostReading({ [config]: { unreadable: 'permission denied' } })
    expect(viewMachine({ reading: closed }).hasK3s).toBe(true)
  })

  test('alone knows nothing of a cluster', () => {
    const { facts, nodes } = viewMachine({ reading: hostReading() }).subject
    expect(facts).toMatchObject({ origin: 'assumed', services: [] })
    expect(nodes).toHaveLength(1)
  })

  test('stands in its cluster beside the nodes whose K3s told what it was started with', () => {
    const annotations = { 'k3s.io/node-args': '["server","--disable","traefik"]' }
    const facts = live([
      liveNode('pi-1', { k3sVersion: 'v1.33.4+k3s1', addresses: ['10.0.0.1'] }),
      liveNode('pi-2', { annotations, k3sVersion: 'v1.32.1+k3s1' }),
      liveNode('pi-3', { role: 'agent' }),
    ])
    const { subject, node } = viewMachine({ reading: hostReading(), facts })
    expect(subject.nodes.map(({ name }) => name)).toEqual(['pi-1', 'pi-2'])
    expect(node.facts.addresses).toEqual(['10.0.0.1'])
    expect(node.version?.text).toBe('v1.33.4+k3s1')
    expect(scalarOf(subject.nodes[1]?.settings ?? new Map(), 'disable')?.origin).toBe('node-annotation')
  })

  test('is found among the nodes by the name that K3s makes of it with-node-id', () => {
    const reading = hostReading({ [config]: 'with-node-id: true\n' })
    const facts = live([liveNode('pi-1-0a1b2c3d'), liveNode('pi-2')])
    expect(viewMachine({ reading, facts }).node.name).toBe('pi-1-0a1b2c3d')
  })

  test('will run what is installed', () => {
    const reading = hostReading({}, { installedVersion: 'v1.34.1+k3s1' })
    const facts = live([liveNode('pi-1', { k3sVersion: 'v1.33.4+k3s1' })])
    expect(viewMachine({ reading, facts }).subject.version?.text).toBe('v1.34.1+k3s1')
    expect(viewMachine({ reading, facts, version: 'v1.30.0+k3s1' }).node.version?.text).toBe('v1.30.0+k3s1')
  })
})

describe('the rules over a machine', () => {
  test('find nothing in a default one', () => {
    const reading = hostReading(
      { [unit]: '[Service]\nExecStart=/usr/local/bin/k3s server\n' },
      { process: running(), installedVersion: 'v1.33.4+k3s1' },
    )
    expect(lintMachine({ reading }, undefined).problems.filter(({ severity }) => severity !== 'notice')).toEqual([])
  })

  test('are silent about flags while a file that may hold some cannot be read', () => {
    const files = { [unit]: '[Service]\nExecStart=/usr/local/bin/k3s server --flannel-backed=x\n' }
    const open = lintMachine({ reading: hostReading({ ...files, [config]: 'flannel-backed: host-gw\n' }) }, undefined)
    expect(open.problems.map(({ code }) => code)).toContain('CFG_UNKNOWN_KEY_SERVER')
    expect(open.skipped).toBe(0)
    const closed = lintMachine(
      { reading: hostReading({ ...files, [config]: { unreadable: 'permission denied' } }) },
      undefined,
    )
    expect(closed.problems.map(({ code }) => code)).not.toContain('CFG_UNKNOWN_KEY_SERVER')
    expect(closed.skipped).toBeGreaterThan(0)
  })

  test('quote no value that a flag keeps secret', () => {
    const text = 'kube-apiserver-arg: [oidc-client-secret=CANARY-a]\nmy-password:\n  CANARY-b\nnode-ip: CANARY-c\n'
    const { problems } = lintMachine({ reading: hostReading({ [config]: text }) }, undefined)
    expect(JSON.stringify(problems)).toContain('CANARY-c')
    expect(JSON.stringify(problems)).not.toMatch(/CANARY-[ab]/)
  })

  test('say how many of them are about releases, where nobody knows this one', () => {
    const reading = hostReading({ [config]: 'node-name: pi-1\n' })
    expect(lintMachine({ reading }, undefined).withoutRelease).toBeGreaterThan(50)
    expect(lintMachine({ reading, version: 'v1.33.4+k3s1' }, undefined).withoutRelease).toBe(0)
  })

  test('an override that is both on disk and in the API is one', () => {
    const text =
      'apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: { name: traefik, namespace: kube-system }\nspec: { valuesContent: "a: 1", failurePolicy: abort }\n'
    const chart = {
      apiVersion: 'helm.cattle.io/v1',
      kind: 'HelmChartConfig',
      metadata: { name: 'traefik', namespace: 'kube-system' },
      spec: { valuesContent: 'a: 1', failurePolicy: 'abort' },
    }
    const { problems } = lintMachine(
      {
        reading: hostReading({ [`${manifests}/lan.yaml`]: text }),
        facts: live([liveNode('pi-1')], { objects: [chart] }),
      },
      undefined,
    )
    expect(problems.map(({ code }) => code)).not.toContain('CHART_OVERRIDE_TWICE')
  })

  test('never throw, whatever the files hold', () => {
    const yaml = fc.oneof(
      fc.string(),
      fc
        .array(fc.tuple(fc.constantFrom('disable', 'cluster-cidr+', 'flannel-backend', 'node-ip', 'x'), fc.json()))
        .map((entries) => entries.map(([key, value]) => `${key}: ${value}`).join('\n')),
    )
    const text = fc.oneof(yaml, fc.json(), fc.constant('[Service]\nExecStart=k3s server "\n'))
    const paths = [
      config,
      '/etc/rancher/k3s/config.yaml.d/10.yaml',
      unit,
      '/etc/init.d/k3s',
      '/etc/default/k3s',
      `${manifests}/a.yaml`,
      `${manifests}/traefik.yaml`,
      '/var/lib/rancher/k3s/agent/etc/flannel/net-conf.json',
      '/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist',
      '/var/lib/fairlead/pristine.json',
    ]
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...paths), text), fc.boolean(), (files, runs) => {
        const rest = { installedVersion: 'v1.33.4+k3s1', ...(runs ? { process: running() } : {}) }
        expect(lintMachine({ reading: hostReading(files, rest) }, undefined).problems).toBeInstanceOf(Array)
      }),
      { numRuns: 150 },
    )
  })
})

import { describe, expect, test } from 'vitest'
import { openDeployLoop } from '../../src/agent/this-deploy.ts'
import { openMachine } from '../../src/agent/this-machine.ts'
import { uncounted } from '../../src/cli/uncounted.ts'
import { resolveSettings } from '../../src/settings.ts'
import { recordingLog } from '../lab/recording-log.ts'

function opens(flags: Parameters<typeof resolveSettings>[0], environment: Record<string, string> = {}): boolean {
  const settings = resolveSettings(flags, environment)
  const machine = openMachine(settings, { workingDirectory: '/' }, recordingLog())
  return openDeployLoop(settings, machine, 'pi-1', uncounted) !== undefined
}

describe('our own deploy engine', () => {
  test('works on this machine unless K3s is said to', () => {
    expect(opens({})).toBe(true)
    expect(opens({ engine: 'builtin' })).toBe(true)
    expect(opens({ engine: 'k3s' })).toBe(false)
  })

  test('of a tree below another root has to be asked for: a shell may point to any cluster', () => {
    expect(opens({ root: '/srv/tree' }, { KUBECONFIG: '/home/ada/.kube/config' })).toBe(false)
    expect(opens({ root: '/srv/tree', engine: 'builtin' }, { KUBECONFIG: '/home/ada/.kube/config' })).toBe(true)
  })
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { createPrometheusMetrics } from '../../src/adapters/metrics/prometheus-metrics.ts'
import { openDeployLoop } from '../../src/agent/this-deploy.ts'
import { openMachine } from '../../src/agent/this-machine.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import { resolveSettings } from '../../src/settings.ts'
import { createMachine, networkFile, networkYaml } from '../../test/lab/machine.ts'

/** Less than the ten turns that the set of an Addon has before it waits. */
const editsOfEach = 5
const manifests = 40

/**
 * How long it takes from the write of a manifest, somebody else's and one of forty, until the changed object was seen on a
 * watch of the API server: file event, pass over the node, pass over the manifests. With a pause between edits.
 */
export async function editedManifests(kubeconfig: string): Promise<readonly number[]> {
  const machine = await createMachine()
  const ended = new AbortController()
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, ended.signal)
  try {
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const settings = resolveSettings({ root: machine.root, engine: 'builtin', kubeconfig }, {})
    const opened = openMachine(settings, { workingDirectory: '/' }, log)
    const builtin = openDeployLoop(settings, opened, 'pi-1', createPrometheusMetrics('bench'))
    if (builtin === undefined) throw new Error('no deploy loop')
    await machine.adopt()
    const spec = networkYaml('  components: { traefik: { enabled: false } }\n')
    await machine.repository.push({ [networkFile]: spec })
    machine.start(
      { engine: 'builtin' },
      { deploy: { builtin }, removals: { progressOf: (path) => builtin.progressOf(path) } },
    )
    await machine.statusUntil(({ verdict, revision }) => verdict === 'settled' && revision !== '')
    const store = objects.watch({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' }, () => {}, ended.signal)
    await store.ready
    const applied = async (name: string, value: string): Promise<void> => {
      while (asRecord(store.get(`default/${name}`)?.['data'])['k'] !== value) await sleep(1)
    }
    const times: number[] = []
    for (let edit = 0; edit <= editsOfEach; edit += 1) {
      for (let at = 0; at < manifests; at += 1) {
        const startedAt = performance.now()
        writeFileSync(join(machine.manifests, `edited-${at}.yaml`), configMap(`edited-${at}`, `${edit}`))
        await applied(`edited-${at}`, `${edit}`)
        // The first write makes the object.
        if (edit > 0) times.push(performance.now() - startedAt)
        await sleep(25)
      }
    }
    return times
  } finally {
    ended.abort()
    await machine.close()
    await objects.close()
  }
}

function configMap(name: string, value: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\ndata: { k: ${JSON.stringify(value)} }\n`
}

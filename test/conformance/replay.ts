import { asRecord, type Json, textIn } from '../../src/domain/plain-json.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import { componentLists, isStaged } from '../../src/plan/deploy/staging.ts'
import { isOfScenario, liveObject, observedAddon, observedChart, observedConfigMap } from './observed-objects.ts'
import type { Observation, ScenarioStep } from './recording.ts'
import { SimulatedServer } from './simulated-server.ts'
import { packagedAssets, stockContent } from './stock-files.ts'

const release = 'v1.21.2+k3s1'
const dataDirectory = '/var/lib/rancher'

/**
 * The recorded server once more: same files, same edits, same restarts. The packaged files are stand-ins of the same
 * names; of the one for Traefik the charts and values are those that were recorded.
 */
export class Replay {
  server = new SimulatedServer({ version: release, helm: 'stuck' })
  /** Everything that could have been seen during the last step. */
  seen: Observation[] = []
  /** Path → message of what failed since the last start. */
  failures = new Map<string, string>()
  #disabled: readonly string[] = []

  run({ step, ops, restart }: ScenarioStep): void {
    for (const op of ops) this.#perform(op)
    if (step === '00-start' || restart !== undefined) this.#start(restart ?? [])
    this.seen = [this.observe()]
    this.server.api.onWrite = () => this.seen.push(this.observe())
    // 25 or 40 seconds, with one pass in 15.
    for (const _pass of [1, 2, 3]) {
      for (const error of this.server.pass().errors) {
        const [, path = '', message = ''] = /^failed to \w+ ([^:]+): (.*)$/s.exec(error) ?? []
        this.failures.set(path, message)
      }
    }
  }

  observe(): Observation {
    const { api, disk, events } = this.server
    const targets = new Map([
      ['s22-symlink.yaml', 'outside/s22.yaml'],
      ['s23-linked', 'outside/dir'],
    ])
    return {
      directory: disk
        .listing()
        .map((line) => (line.startsWith('l ') ? `${line} -> ${dataDirectory}/${targets.get(line.slice(2))}` : line))
        .sort(),
      addons: api.objects('Addon').map(observedAddon),
      configMaps: api.objects('ConfigMap').filter(isOfScenario).map(observedConfigMap),
      customResources: ['CustomResourceDefinition', 'Widget'].flatMap((kind) =>
        api.names(kind).map((name) => `${kind} ${name.slice(name.indexOf('/') + 1)}`),
      ),
      helmCharts: api.objects('HelmChart').map(observedChart),
      events: [...events],
    }
  }

  #start(args: readonly string[]): void {
    const version = parseK3sVersion(release)
    if (version === undefined) throw new Error(release)
    const disable = args.filter((_argument, index) => args[index - 1] === '--disable')
    const reading = componentLists({ disable, noDeploy: [], disableCloudController: false }, version)
    if (reading.kind === 'fatal') throw new Error('the server would not start')
    for (const asset of packagedAssets()) {
      if (isStaged(asset, reading.lists.skipped)) this.server.disk.write(asset, stockContent(asset))
    }
    this.#disabled = reading.lists.disabled
    this.server.restart(this.#disabled)
    this.failures = new Map()
  }

  #perform(op: Json): void {
    const { disk, api } = this.server
    const path = String(op['path'])
    const text = textIn(op['text']) ?? ''
    const [kind, name] = liveObject(op)
    const actions: Readonly<Record<string, () => void>> = {
      write: () => disk.write(path, 'base64' in op ? Buffer.from(String(op['base64']), 'base64') : text),
      'write-outside': () => disk.write(`${dataDirectory}/${path}`, text),
      symlink: () => disk.link(path, `${dataDirectory}/${String(op['to'])}`),
      remove: () => disk.remove(path),
      touch: () => disk.touch(path),
      replace: () => disk.write(path, stockContent(path).replace('rbac:', 'rbac2:')),
      append: () => disk.write(path, `${stockContent(path)}${text}`),
      chmod: () => {},
      'patch-live': () => api.edit(kind, name, asRecord(op['patch'])),
      'delete-live': () => api.drop(kind, name),
    }
    const action = actions[String(op['op'])]
    if (action === undefined) throw new Error(`the scenario asks for ${String(op['op'])}`)
    action()
  }
}

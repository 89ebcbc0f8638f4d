import { asRecord, type Json, textIn } from '../../src/domain/plain-json.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import { componentLists, isStaged } from '../../src/plan/deploy/staging.ts'
import { configMap } from './conform.ts'
import { type Observation, readObservation, type ScenarioStep, stockTraefikValues } from './recording.ts'
import { SimulatedServer } from './simulated-server.ts'

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
      addons: api.objects('Addon').map(({ metadata, spec }) => {
        const { name, annotations } = asRecord(metadata)
        return { name, annotations: asRecord(annotations), spec }
      }),
      configMaps: api.objects('ConfigMap').filter(isOfScenario).map(observedConfigMap),
      customResources: ['CustomResourceDefinition', 'Widget'].flatMap((kind) =>
        api.names(kind).map((name) => `${kind} ${name.slice(name.indexOf('/') + 1)}`),
      ),
      helmCharts: api.objects('HelmChart').map(({ metadata, spec }) => ({
        name: asRecord(metadata)['name'],
        ns: asRecord(metadata)['namespace'],
        chart: asRecord(spec)['chart'],
        values: asRecord(spec)['valuesContent'] ?? null,
      })),
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

/** `ConfigMap default/a`. */
function liveObject(op: Json): [string, string] {
  const [kind = '', name = ''] = (textIn(op['object']) ?? '').split(' ')
  return [kind, name.slice(name.indexOf('/') + 1)]
}

function packagedAssets(): readonly string[] {
  return readObservation('00-start')
    .directory.filter((line) => line.startsWith('f '))
    .map((line) => line.slice(2))
}

function stockContent(asset: string): string {
  if (asset !== 'traefik.yaml') return configMap(asset.replace(/\.yaml$/, '').replaceAll('/', '-'), '{}', 'kube-system')
  return readObservation('00-start')
    .helmCharts.map(({ name, ns, chart, values }) => {
      // A block scalar, so that an edit of the text is an edit of the values.
      const content = values === null ? '' : `  valuesContent: |-\n${stockTraefikValues().replace(/^/gm, '    ')}\n`
      const head = `apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: ${String(name)}, namespace: ${String(ns)}}\n`
      return `${head}spec:\n  chart: ${JSON.stringify(chart)}\n${content}`
    })
    .join('---\n')
}

function isOfScenario({ metadata }: Json): boolean {
  return /^s\d/.test(String(asRecord(metadata)['name']))
}

function observedConfigMap({ metadata, data }: Json): Json {
  const { namespace, name, labels, annotations } = asRecord(metadata)
  return {
    ns: namespace,
    name,
    labels,
    // What it holds depends on the encoder.
    annotations: { ...asRecord(annotations), 'objectset.rio.cattle.io/applied': '<gzip+base64>' },
    data: data ?? null,
  }
}

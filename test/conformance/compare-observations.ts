import { asRecord, type Json } from '../../src/domain/plain-json.ts'
import { type Observation, readObservation, readScenario } from './recording.ts'
import { Replay } from './replay.ts'

/** Without what differs from run to run: made-up names, and checksums of packaged files, whose content was not recorded. */
export function normalised(observation: Observation): Observation {
  const stock = new Map(replayStock.map(({ name, spec }) => [name, asRecord(spec)['checksum']]))
  return {
    ...observation,
    addons: sorted(observation.addons.map((addon) => (stock.has(addon['name']) ? packagedAddon(addon) : addon))),
    configMaps: sorted(
      observation.configMaps.map((item) => ({
        ...item,
        name: String(item['name']).replace(/^(s31-gen-)\w{5}$/, '$1*'),
      })),
    ),
    customResources: observation.customResources.toSorted(),
    helmCharts: sorted(observation.helmCharts),
  }
}

const replayStock = readObservation('00-start').addons

/** Stock or not is what can be told of a packaged file: its checksum is one of the content at the first start, or not. */
function packagedAddon(addon: Json): Json {
  const { checksum, ...spec } = asRecord(addon['spec'])
  return { ...addon, spec: { ...spec, isStock: stockChecksums.has(String(checksum)) } }
}

const stockChecksums: ReadonlySet<string> = new Set([
  ...replayStock.map(({ spec }) => String(asRecord(spec)['checksum'])),
  ...checksumsOfStandIns(),
])

function checksumsOfStandIns(): readonly string[] {
  const first = new Replay()
  const [start] = readScenario()
  if (start !== undefined) first.run(start)
  return first.observe().addons.map(({ spec }) => String(asRecord(spec)['checksum']))
}

export function withoutFight(observation: Observation): Observation {
  const isOther = ({ name }: Json): boolean => !String(name).startsWith('s14-')
  return {
    ...observation,
    addons: observation.addons.filter(isOther),
    configMaps: observation.configMaps.filter(isOther),
  }
}

export function fightOf({ addons, configMaps }: Observation): readonly Json[] {
  return [...addons, ...configMaps].filter(({ name }) => String(name).startsWith('s14-'))
}

/**
 * What failed, with its message unless it is one of a parser, whose words are its own. `s14` is left out: K3s reads Addons
 * from a cache, which lags behind its own writes, and then fails to write the one that the other file wrote just before.
 */
export function failuresOf(failures: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...failures]
    .filter(([path]) => !path.endsWith('s14-same.yaml'))
    .map(([path, message]) => [path, /^(yaml|line \d+): /.test(message) ? 'cannot be parsed' : message] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

export function isPackagedPath(path: string): boolean {
  return replayStock.some(({ name }) => path === `${String(name)}.yaml`)
}

function sorted(items: readonly Json[]): readonly Json[] {
  return items.toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1))
}

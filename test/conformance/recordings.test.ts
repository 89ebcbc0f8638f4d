import { describe, expect, test } from 'vitest'
import { asRecord, type Json } from '../../src/domain/plain-json.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { type Observation, readFailures, readHashes, readObservation, readScenario } from './recording.ts'
import { Replay } from './replay.ts'

/**
 * Every step of the recording, one after the other. Three things of it differ from run to run and are compared in a way
 * of their own: names that the API server made up; the Addon `s14-same` and its objects, which two files fight over in
 * every pass, so that a recording shows one moment of it; and checksums of packaged files, whose content is not recorded.
 */
describe('recording of K3s v1.21.2: manifests directory', () => {
  const replay = new Replay()
  for (const scenario of readScenario()) {
    test(`${scenario.step} [recorded]`, () => {
      replay.run(scenario)
      const recorded = normalised(readObservation(scenario.step))
      const end = normalised(replay.observe())
      expect(withoutFight(end)).toEqual(withoutFight(recorded))
      expect(replay.seen.map(normalised).map(fightOf)).toContainEqual(fightOf(recorded))
      for (const [path, hash] of readHashes(scenario.step)) {
        const content = replay.server.disk.read(`${replay.server.disk.base}/${path}`)
        if (!isPackagedPath(path)) expect([path, sha256Hex(content)]).toEqual([path, hash])
      }
      expect(failuresOf(replay.failures)).toEqual(failuresOf(readFailures(scenario.step)))
    })
  }
})

function normalised(observation: Observation): Observation {
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

function withoutFight(observation: Observation): Observation {
  const isOther = ({ name }: Json): boolean => !String(name).startsWith('s14-')
  return {
    ...observation,
    addons: observation.addons.filter(isOther),
    configMaps: observation.configMaps.filter(isOther),
  }
}

function fightOf({ addons, configMaps }: Observation): readonly Json[] {
  return [...addons, ...configMaps].filter(({ name }) => String(name).startsWith('s14-'))
}

/**
 * What failed, with its message unless it is one of a parser, whose words are its own. `s14` is left out: K3s reads Addons
 * from a cache, which lags behind its own writes, and then fails to write the one that the other file wrote just before.
 */
function failuresOf(failures: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...failures]
    .filter(([path]) => !path.endsWith('s14-same.yaml'))
    .map(([path, message]) => [path, /^(yaml|line \d+): /.test(message) ? 'cannot be parsed' : message] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function isPackagedPath(path: string): boolean {
  return replayStock.some(({ name }) => path === `${String(name)}.yaml`)
}

function sorted(items: readonly Json[]): readonly Json[] {
  return items.toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1))
}

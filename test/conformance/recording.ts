import { readFileSync } from 'node:fs'
import { asList, asRecord, type Json, textIn, textsIn } from '../../src/domain/plain-json.ts'

const folder = new URL('../fixtures/k3s-v1.21.2/manifests-directory/', import.meta.url)

export interface ScenarioStep {
  readonly step: string
  readonly ops: readonly Json[]
  /** Arguments of the server's next start; absent where it goes on running. */
  readonly restart?: readonly string[]
}

export function readScenario(): readonly ScenarioStep[] {
  return asList(readJson('scenario.json')['steps'])
    .map(asRecord)
    .map((step) => ({
      step: String(step['step']),
      ops: asList(step['ops']).map(asRecord),
      ...(Array.isArray(step['restart']) ? { restart: textsIn(step['restart']) } : {}),
    }))
}

/** What is compared, of a recording and of a replay. */
export interface Observation {
  /** `f a.yaml`, `d sub`, `l b.yaml -> /target`: modes are the business of whoever writes the files. */
  readonly directory: readonly string[]
  readonly addons: readonly Json[]
  readonly configMaps: readonly Json[]
  readonly customResources: readonly string[]
  readonly helmCharts: readonly Json[]
  readonly events: readonly unknown[]
}

export function readObservation(step: string): Observation {
  const recorded = readJson(`${step}.json`)
  return {
    directory: textsIn(recorded['directory'])
      .map((line) => line.replace(/^(\w) \d+ /, '$1 ').replace(/ -> $/, ''))
      .sort(),
    addons: asList(recorded['addons']).map(asRecord),
    configMaps: asList(recorded['configmaps'])
      .map(asRecord)
      .map(({ managers: _none, ...rest }) => rest),
    customResources: asList(recorded['customResources'])
      .map(asRecord)
      .map((item) => `${String(item['kind'])} ${String(item['name'])}`),
    helmCharts: asList(recorded['helmcharts']).map(asRecord),
    events: asList(recorded['addonEvents']),
  }
}

/** SHA-256 of the files at the top of the directory, by name. */
export function readHashes(step: string): ReadonlyMap<string, string> {
  return new Map(
    textsIn(readJson(`${step}.json`)['sha256']).map((line) => {
      const [hash = '', path = ''] = line.split('  ./')
      return [path, hash]
    }),
  )
}

/** Path → what was logged about it, for everything that failed since the server started. */
export function readFailures(step: string): ReadonlyMap<string, string> {
  const text = readFileSync(new URL(`${step}.log.txt`, folder), 'utf8')
    .replaceAll('\\"', '"')
    .replaceAll('\\\\', '\\')
  const failures = new Map<string, string>()
  for (const line of text.split('\n')) {
    for (const part of line.split('failed to process ').slice(1)) {
      const [path = ''] = part.split(': ')
      failures.set(path, part.slice(path.length + 2).replace(/(?:, |")$/, ''))
    }
  }
  return failures
}

/** The values of the chart `traefik` at the first start. */
export function stockTraefikValues(): string {
  const charts = readObservation('00-start').helmCharts
  return textIn(charts.find(({ name }) => name === 'traefik')?.['values']) ?? ''
}

function readJson(name: string): Json {
  return asRecord(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
}

import { createHash } from 'node:crypto'
import type { DeployedChart } from '../../domain/deployed-objects.ts'
import { type Json, textIn } from '../../domain/plain-json.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { type ReleaseFloors, reaches } from '../../k3s/version/release-floors.ts'

/** Helm controller 0.16.7: values come from Secrets of others as well, and later on the whole job is part of the hash. */
const hashesMore: ReleaseFloors = ['1.31.8', '1.32.4', '1.33.0']

/** The hash is made of the values alone, so that it can be told which job was made of which values. */
export function hashesValuesOnly(version: K3sVersion): boolean {
  return !reaches(hashesMore, version)
}

/**
 * What the Helm controller writes on the job of a chart as it is now: `SHA256=<upper-case hex>`. It hashes a Go map, whose
 * order is any: with two values there are two right answers, and it may change its mind.
 *
 * @see k3s-io/helm-controller pkg/controllers/chart/chart.go 0.9 to 0.16.6 (`hashConfigMaps`, `hashObjects`)
 */
export function configHashes({ name, chart, config }: DeployedChart): ReadonlySet<string> {
  const content = entriesOf([`${name}.tgz.base64`, chart?.spec['chartContent']])
  const values = entriesOf(
    ['values-01_HelmChart.yaml', chart?.spec['valuesContent']],
    ['ca-file.pem', chart?.spec['repoCA']],
    ['values-10_HelmChartConfig.yaml', config?.spec['valuesContent']],
  )
  return new Set(ordersOf(values).map((order) => hashOf([...content, ...order])))
}

type Entry = readonly [key: string, text: string]

function entriesOf(...entries: readonly (readonly [string, Json[string]])[]): readonly Entry[] {
  return entries.flatMap(([key, value]): readonly Entry[] => {
    const text = textIn(value)
    return text === undefined ? [] : [[key, text]]
  })
}

function ordersOf(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  if (entries.length < 2) return [entries]
  return entries.flatMap((first) =>
    ordersOf(entries.filter((entry) => entry !== first)).map((rest) => [first, ...rest]),
  )
}

function hashOf(entries: readonly Entry[]): string {
  const hash = createHash('sha256')
  for (const [key, text] of entries) hash.update(key).update(text)
  return `SHA256=${hash.digest('hex').toUpperCase()}`
}

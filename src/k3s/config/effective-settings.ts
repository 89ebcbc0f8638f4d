import type { NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { longNameOf } from '../flags/flag-catalogue.ts'
import { environmentFlags } from './environment.ts'
import { mergeConfigFiles } from './merge-config.ts'

/** Where a value comes from, weakest first: a later one wins (k3s-networking §2.3). */
export type SettingOrigin =
  /** Rendered from the repository. */
  | 'repository'
  | 'environment'
  | 'config-file'
  | 'drop-in'
  | 'command-line'
  /** The Node's annotation `k3s.io/node-args`: what K3s was started with. */
  | 'node-annotation'

/** One `--key=text` as K3s gets it. */
export interface SettingText {
  readonly text: string
  readonly at: LocatedLine
  readonly origin: SettingOrigin
}

/** Everything that K3s is told about one flag. */
export interface Setting {
  /** The long name of the flag: `cluster-cidr`. */
  readonly key: string
  /** In the order K3s gets them; for a flag with one value the last one counts. Empty for a list `[]`. */
  readonly values: readonly SettingText[]
  /** Where the key itself is written; absent where `values` says enough. */
  readonly at: LocatedLine
}

/** The flags of one node, by long name. A flag that is absent has the default of its K3s. */
export type EffectiveSettings = ReadonlyMap<string, Setting>

/**
 * Everything that K3s on one node is told, with the place and the origin of every value: the files as K3s merges them,
 * then the command line, which comes later and so wins for a flag with one value and adds to a list. A variable counts
 * only for a flag that is given nowhere else. Two names of one flag, over which K3s does not start, are put together.
 *
 * @see k3s-networking §2.3; k3s-io/k3s pkg/configfilearg/parser.go (`Parse`)
 */
export function effectiveSettings(reading: NodeConfigReading): EffectiveSettings {
  const settings = new Map<string, Setting>()
  const add = (writtenKey: string, values: readonly SettingText[], at: LocatedLine): void => {
    const key = longNameOf(writtenKey)
    const before = settings.get(key)
    settings.set(key, { key, values: [...(before?.values ?? []), ...values], at: before?.at ?? at })
  }
  for (const { key, values, at } of mergeConfigFiles(reading.files)) add(key, values, at)
  for (const { key, text, at } of reading.arguments) add(key, [{ text, at, origin: 'command-line' }], at)
  for (const { key, text, at } of environmentFlags(reading.environment)) {
    const isGiven = (settings.get(key)?.values.length ?? 0) > 0
    if (!isGiven) add(key, [{ text, at, origin: 'environment' }], at)
  }
  return settings
}

/** The value that counts of a flag with one value. */
export function scalarOf(settings: EffectiveSettings, key: string): SettingText | undefined {
  return settings.get(key)?.values.at(-1)
}

/** `true` for a switch that is on; K3s takes the words of Go's `strconv.ParseBool`. */
export function isSwitchedOn(settings: EffectiveSettings, key: string): boolean {
  return /^(1|t|true)$/i.test(scalarOf(settings, key)?.text ?? 'false')
}

/**
 * The items of a list flag. Flags whose elements K3s splits at commas are split here too; spaces stay, as K3s leaves
 * them.
 * @see k3s-networking §2.4
 */
export function itemsOf(settings: EffectiveSettings, key: string): readonly SettingText[] {
  const values = settings.get(key)?.values ?? []
  if (!commaSeparated.has(key)) return values
  return values.flatMap((value) => value.text.split(',').map((text) => ({ ...value, text })))
}

/** @see k3s-io/k3s pkg/util/args.go, pkg/cli/server/server.go */
export const commaSeparated: ReadonlySet<string> = new Set([
  'cluster-cidr',
  'service-cidr',
  'cluster-dns',
  'node-ip',
  'node-external-ip',
  'node-internal-dns',
  'node-external-dns',
  'tls-san',
  'disable',
])

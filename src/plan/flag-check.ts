import type { FileArtefact } from '../domain/artefact.ts'
import type { ConfigEntry, ConfigFileReading, ConfigScalar, NodeConfigReading } from '../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../domain/problem.ts'
import { type EffectiveSettings, effectiveSettings, itemsOf } from '../k3s/config/effective-settings.ts'
import { defaultTexts } from '../k3s/config/flag-defaults.ts'
import { findFlag } from '../k3s/flags/flag-catalogue.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { readYamlMap } from '../text/yaml-read.ts'

/** A flag that K3s would get otherwise than the drop-in says, and who sees to that. */
export interface OverriddenFlag {
  readonly key: string
  /** What K3s would get. */
  readonly texts: readonly string[]
  /** Of the value that wins: a later drop-in, the unit, the command line. */
  readonly at: LocatedLine
}

/**
 * Whether K3s gets everything that the drop-in would say from its other files and its arguments already, as it does on a
 * machine that was imported: then the drop-in is not needed.
 */
export function isInEffect(dropIn: FileArtefact, config: NodeConfigReading): boolean {
  return changedFlags(undefined, dropIn.text, config).length === 0
}

/**
 * The flags that K3s gets otherwise with the drop-in `after` than with `before`. What only one of them says is compared
 * with what K3s gets without it: from its other files, its arguments and its defaults.
 * @param before undefined where there was none
 * @param config undefined where nobody knows what else K3s is told: then it has its defaults
 */
export function changedFlags(
  before: string | undefined,
  after: string,
  config: NodeConfigReading | undefined,
): readonly string[] {
  const others = effectiveSettings(withoutOurs(config ?? nothingElse))
  const [old, next] = [new Map(wantedFlags(before ?? '')), new Map(wantedFlags(after))]
  const textsIn = (flags: ReadonlyMap<string, readonly string[]>, key: string): readonly string[] =>
    flags.get(key) ?? withoutTwins(key, textsOf(others, key))
  const keys = [...new Set([...old.keys(), ...next.keys()])].sort()
  return keys.filter((key) => !sameTexts(key, textsIn(old, key), textsIn(next, key)))
}

const nothingElse: NodeConfigReading = { files: [], ignoredFiles: [], arguments: [], environment: [] }

/** Flags of the drop-in that something stronger says otherwise. */
export function overriddenFlags(dropIn: FileArtefact, config: NodeConfigReading): readonly OverriddenFlag[] {
  const together = effectiveSettings(withOurs(config, dropIn))
  return wantedFlags(dropIn.text).flatMap(([key, wanted]) => {
    const texts = withoutTwins(key, textsOf(together, key))
    if (sameTexts(key, wanted, texts)) return []
    const winner = together.get(key)?.values.findLast((value) => value.at.place.file !== k3sPaths.managedDropIn)
    return winner === undefined ? [] : [{ key, texts, at: winner.at }]
  })
}

function wantedFlags(dropIn: string): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(readYamlMap(dropIn)).map(([key, value]) => [key, asSpoken(key, [value].flat().map(String))])
}

function textsOf(settings: EffectiveSettings, key: string): readonly string[] {
  if (!settings.has(key)) return defaultTexts(key, settings)
  const texts = itemsOf(settings, key).map((item) => item.text)
  // Of a flag with one value the last one counts.
  return findFlag(key)?.type === 'list' ? texts : asSpoken(key, texts.slice(-1))
}

/** A switch has several words for on and off. */
function asSpoken(key: string, texts: readonly string[]): readonly string[] {
  return findFlag(key)?.type === 'boolean' ? texts.map((text) => String(/^(1|t|true)$/i.test(text))) : texts
}

/** What is left out twice is left out once. */
function withoutTwins(key: string, texts: readonly string[]): readonly string[] {
  return key === 'disable' ? [...new Set(texts)] : texts
}

/** The order of a list says something for addresses only. */
function sameTexts(key: string, a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = key === 'disable' ? [[...a].sort(), [...b].sort()] : [a, b]
  return left.length === right.length && left.every((text, index) => text === right[index])
}

function withoutOurs(config: NodeConfigReading): NodeConfigReading {
  return { ...config, files: config.files.filter((file) => file.path !== k3sPaths.managedDropIn) }
}

function withOurs(config: NodeConfigReading, dropIn: FileArtefact): NodeConfigReading {
  const [main, ...dropIns] = splitMain(withoutOurs(config).files)
  const earlier = dropIns.filter((file) => file.path < k3sPaths.managedDropIn)
  const later = dropIns.filter((file) => file.path > k3sPaths.managedDropIn)
  const files = [...(main === undefined ? [] : [main]), ...earlier, readingOf(dropIn), ...later]
  return { ...config, files }
}

function splitMain(
  files: readonly ConfigFileReading[],
): readonly [ConfigFileReading | undefined, ...ConfigFileReading[]] {
  const isDropIn = (file: ConfigFileReading): boolean => file.path.startsWith(`${k3sPaths.configDropIns}/`)
  return [files.find((file) => !isDropIn(file)), ...files.filter(isDropIn)]
}

function readingOf(dropIn: FileArtefact): ConfigFileReading {
  const at = { place: { file: k3sPaths.managedDropIn, line: 1, column: 1 } }
  const scalar = (value: unknown): ConfigScalar => {
    const text = String(value)
    const type = typeof value === 'boolean' ? 'boolean' : typeof value === 'number' ? 'integer' : 'string'
    return { kind: 'scalar', type, text, source: text, isQuoted: type === 'string', at }
  }
  const entries = Object.entries(readYamlMap(dropIn.text)).map(
    ([key, value]): ConfigEntry => ({
      key,
      appends: false,
      value: Array.isArray(value) ? { kind: 'list', items: value.map(scalar) } : scalar(value),
      at,
    }),
  )
  return { path: k3sPaths.managedDropIn, documents: 1, entries, at }
}

import type { NodeFacts } from '../../domain/facts.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { findFlag } from '../flags/flag-catalogue.ts'
import { type EffectiveSettings, effectiveSettings, type Setting } from './effective-settings.ts'
import { readNodeArgs } from './node-args.ts'

const annotation = 'k3s.io/node-args'

/**
 * What K3s on a node was started with, by the annotation that it leaves on its Node at every start; undefined where
 * there is none, or none that can be read.
 */
export function annotatedSettings({ name, annotations }: NodeFacts): EffectiveSettings | undefined {
  const text = annotations?.[annotation]
  if (text === undefined) return undefined
  const at: LocatedLine = { place: { file: `Node/${name}#${annotation}`, line: 1, column: 1 } }
  const read = readNodeArgs(text, at, (key) => {
    const type = findFlag(key)?.type
    return type === undefined ? undefined : type === 'boolean'
  })
  if (read.problems.some(({ code }) => code === 'NODE_ARGS_UNREADABLE')) return undefined
  const settings = effectiveSettings({ files: [], ignoredFiles: [], arguments: read.arguments, environment: [] })
  return new Map([...settings].map(([key, setting]) => [key, fromAnnotation(setting)]))
}

/** The same, with the file and line of a value where the files of the node still say it. */
export function settingsInForce(annotated: EffectiveSettings, files: EffectiveSettings): EffectiveSettings {
  return new Map(
    [...annotated].map(([key, setting]) => {
      const written = files.get(key)
      return [key, written !== undefined && hasSameTexts(written, setting) ? written : setting]
    }),
  )
}

export function hasSameTexts(a: Setting, b: Setting): boolean {
  return a.values.length === b.values.length && a.values.every(({ text }, index) => text === b.values[index]?.text)
}

function fromAnnotation(setting: Setting): Setting {
  return { ...setting, values: setting.values.map((value) => ({ ...value, origin: 'node-annotation' })) }
}

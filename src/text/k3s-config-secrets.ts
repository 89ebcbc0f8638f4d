import {
  type ConfigEntry,
  type ConfigFileReading,
  type ConfigValue,
  isSecretKey,
  mentionsSecretKey,
  secretMask,
} from '../domain/k3s-config-reading.ts'
import type { LocatedLine, Problem } from '../domain/problem.ts'
import type { NodeValues } from './yaml11-values.ts'

/**
 * The reading and the problems of a file without the secrets in it: values of secret flags are masked, every other
 * value that repeats one through an anchor too, and no line is shown that holds one or looks as if it did.
 *
 * @param secrets the texts to be hidden, and the lines that they stand on
 * @param text of the whole file
 */
export function hideSecrets(
  file: ConfigFileReading,
  problems: readonly Problem[],
  secrets: NodeValues['secrets'],
  text: string,
): { readonly file: ConfigFileReading; readonly problems: readonly Problem[] } {
  const fileLines = text.split('\n')
  const wanted = [...secrets.texts].filter((secret) => secret !== '')
  const parts = wanted.flatMap((secret) => secret.split('\n')).filter((part) => part.trim() !== '')
  const hidden = new Map<number, boolean>()
  const isHidden = (line: number): boolean => {
    const known = hidden.get(line)
    if (known !== undefined) return known
    const content = fileLines[line - 1] ?? ''
    const isSecret =
      secrets.lines.has(line) || mentionsSecretKey(content) || parts.some((part) => content.includes(part))
    hidden.set(line, isSecret)
    return isSecret
  }
  const located = (at: LocatedLine): LocatedLine => (isHidden(at.place.line) ? { place: at.place } : at)
  const masked = (value: ConfigValue, isSecret: boolean): ConfigValue => {
    if (value.kind === 'list') return { kind: 'list', items: value.items.map((item) => masked(item, isSecret)) }
    if (value.kind === 'map') return value
    const at = located(value.at)
    if (value.text === '' || !(isSecret || wanted.includes(value.text))) return { ...value, at }
    return { ...value, text: secretMask, source: secretMask, at }
  }
  const entry = (one: ConfigEntry): ConfigEntry => ({
    ...one,
    value: masked(one.value, isSecretKey(one.key)),
    at: located(one.at),
  })
  return {
    file: { ...file, entries: file.entries.map(entry), at: located(file.at) },
    problems: problems.map(({ sourceLine, ...problem }) => ({
      ...problem,
      ...(sourceLine === undefined || isHidden(problem.place.line) ? {} : { sourceLine }),
    })),
  }
}

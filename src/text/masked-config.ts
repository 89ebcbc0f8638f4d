import {
  type ConfigEntry,
  type ConfigValue,
  isSecretKey,
  mentionsSecretKey,
  secretMask,
} from '../domain/k3s-config-reading.ts'
import { hasErrors } from '../domain/problem.ts'
import { readK3sConfigFile } from './k3s-config-file.ts'
import { lineOfSecretValue, openFlagValue } from './secret-values.ts'

/**
 * A file of K3s's configuration without the secrets in it, to be kept somewhere else: as it is where it has none, and
 * otherwise its settings alone, each on the line that it stands on, secret values masked. K3s would read the same
 * settings from it.
 * @returns undefined for a file that cannot be read: what a secret is in it cannot be told
 */
export function maskedConfig(path: string, text: string): string | undefined {
  const { file, problems } = readK3sConfigFile(path, text)
  if (hasErrors(problems)) return undefined
  const { entries } = file
  const isOpen = !mentionsSecretKey(text) && lineOfSecretValue(text) === undefined && !entries.some(isMasked)
  if (isOpen) return text
  const lines: string[] = []
  for (const entry of entries) {
    while (lines.length + 1 < entry.at.place.line) lines.push('')
    lines.push(`${JSON.stringify(entry.appends ? `${entry.key}+` : entry.key)}: ${printed(entry.key, entry.value)}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

function isMasked({ key, value }: ConfigEntry): boolean {
  return isSecretKey(key) || holdsMask(value)
}

function holdsMask(value: ConfigValue): boolean {
  if (value.kind === 'list') return value.items.some(holdsMask)
  return value.kind === 'scalar' && value.text === secretMask
}

/** On one line, and the same to K3s. */
function printed(key: string, value: ConfigValue): string {
  if (value.kind === 'map') return '{}'
  if (value.kind === 'list') return `[${value.items.map((item) => printed(key, item)).join(', ')}]`
  if (value.type === 'null') return 'null'
  const isPlain = (value.type === 'integer' || value.type === 'boolean') && /^[\w+-]+$/.test(value.source)
  if (isPlain) return value.source
  // What is no secret flag of K3s may hold a secret all the same.
  return JSON.stringify(openFlagValue(key, value.text))
}

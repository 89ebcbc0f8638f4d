import { isSecretKey, secretMask } from '../domain/k3s-config-reading.ts'
import type { Place } from '../domain/problem.ts'
import type { EffectiveSettings, SettingText } from '../k3s/config/effective-settings.ts'
import { findFlag } from '../k3s/flags/flag-catalogue.ts'
import { openFlagValue } from '../text/secret-values.ts'
import { formatTable } from './table.ts'

/** One value that K3s is given, as it counts in the end. */
export interface EffectiveFlag {
  readonly flag: string
  /** The mask for a secret. */
  readonly value: string
  readonly origin: SettingText['origin']
  readonly place: Place
}

/** Every value that counts, by flag: of a flag with one value the last one, of a list each item. */
export function effectiveFlags(settings: EffectiveSettings): readonly EffectiveFlag[] {
  return [...settings.values()]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .flatMap(({ key, values }) => {
      const counting = findFlag(key)?.type === 'list' ? values : values.slice(-1)
      return counting.map(({ text, origin, at }) => ({
        flag: key,
        value: isHidden(key) && text !== '' ? secretMask : openFlagValue(key, text),
        origin,
        place: at.place,
      }))
    })
}

const originWords: Readonly<Record<SettingText['origin'], string>> = {
  repository: 'repository',
  environment: 'variable',
  'config-file': 'file',
  'drop-in': 'drop-in',
  'command-line': 'command line',
  'node-annotation': 'annotation',
}

export function formatFlags(flags: readonly EffectiveFlag[], columns: number | undefined): string {
  if (flags.length === 0) return 'no flags: K3s has its defaults\n'
  const rows = flags.map(({ flag, value, origin, place }) => [
    flag,
    value === '' ? '""' : value,
    originWords[origin],
    `${place.file}:${place.line}`,
  ])
  return formatTable([['FLAG', 'VALUE', 'FROM', 'WHERE'], ...rows], { columns, wraps: true })
}

/** A name that nobody knows may be a misspelt token. */
function isHidden(key: string): boolean {
  return isSecretKey(key) || findFlag(key) === undefined
}

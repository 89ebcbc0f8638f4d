import type { NodeRole } from '../domain/facts.ts'
import { isSecretKey, secretMask } from '../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../domain/problem.ts'
import {
  type EffectiveSettings,
  effectiveSettings,
  isSwitchedOn,
  itemsOf,
  scalarOf,
} from '../k3s/config/effective-settings.ts'
import { asReadBy } from '../k3s/config/release-reading.ts'
import type { Flag } from '../k3s/flags/flag.ts'
import { findFlag, flagState, isKnownTo } from '../k3s/flags/flag-catalogue.ts'
import { type K3sVersion, parseK3sVersion } from '../k3s/version/k3s-version.ts'
import { lineOfSecretValue } from '../text/secret-values.ts'
import { type ImportInput, type ImportNote, namesOf } from './import-input.ts'

/** One flag of the network on one machine. */
export interface FoundFlag {
  readonly flag: Flag
  /** The items of a list as K3s gets them; of any other flag the one value that counts, a switch as `true` or `false`. */
  readonly texts: readonly string[]
  readonly at: LocatedLine
}

/** A machine with the flags that a repository speaks of, by long name. */
export interface MachineFlags {
  readonly name: string
  readonly role: NodeRole
  readonly settings: EffectiveSettings
  readonly flags: ReadonlyMap<string, FoundFlag>
}

/** The flags of the network on every machine, and those that stay where they are, with the reason. */
export function findFlags(input: ImportInput): {
  readonly machines: readonly MachineFlags[]
  readonly notes: readonly ImportNote[]
} {
  const version = parseK3sVersion(input.k3sVersion)
  const kept: KeptFlag[] = []
  const machines = input.machines.map((machine): MachineFlags => {
    const settings = effectiveSettings(asReadBy(machine.reading, version))
    const found = flagsOf(machine.role, settings, version)
    kept.push(...found.filter((one) => 'reason' in one))
    const flags = found.flatMap((one) => ('texts' in one ? [[one.flag.name, one] as const] : []))
    return { name: machine.name, role: machine.role, settings, flags: new Map(flags) }
  })
  return { machines, notes: keptNotes(kept) }
}

interface KeptFlag {
  readonly key: string
  readonly reason: KeptReason
  readonly at: LocatedLine
}

function flagsOf(
  role: NodeRole,
  settings: EffectiveSettings,
  version: K3sVersion | undefined,
): (FoundFlag | KeptFlag)[] {
  return [...settings.values()].flatMap(({ key, at: keyAt }): (FoundFlag | KeptFlag)[] => {
    const flag = findFlag(key)
    const last = scalarOf(settings, key)
    // A mapping, or an empty list for a flag with one value: K3s is told nothing.
    if (flag?.type !== 'list' && last === undefined) return []
    const at = flag?.type === 'list' ? keyAt : (last?.at ?? keyAt)
    const texts = textsOf(settings, key, flag)
    const reason = reasonToKeep(key, flag, texts, role, version)
    if (flag === undefined || reason !== undefined) return [{ key, reason: reason ?? 'unknown', at }]
    return [{ flag, texts, at }]
  })
}

function textsOf(settings: EffectiveSettings, key: string, flag: Flag | undefined): readonly string[] {
  if (flag?.type === 'list') return itemsOf(settings, key).map((item) => item.text)
  if (flag?.type === 'boolean') return [String(isSwitchedOn(settings, key))]
  return [scalarOf(settings, key)?.text ?? '']
}

/** Why a flag is no matter of the repository; undefined for one that is. */
type KeptReason = keyof typeof reasons

function reasonToKeep(
  key: string,
  flag: Flag | undefined,
  texts: readonly string[],
  role: NodeRole,
  version: K3sVersion | undefined,
): KeptReason | undefined {
  if (isSecretKey(key) || flag?.isSecret === true) return 'secret'
  if (flag === undefined) return 'unknown'
  if (!flag.isNetwork) return 'other'
  if (!flag.commands.includes(role)) return 'role'
  if (version !== undefined && flagState(flag, version) === 'fatal') return 'fatal'
  if (!isKnownTo(flag, role, version)) return 'release'
  if (texts.includes(secretMask) || lineOfSecretValue(texts.map((text) => `--${text}`).join('\n')) !== undefined) {
    return 'secret-value'
  }
  return undefined
}

const reasons = {
  secret: 'secret, and so on the machine alone',
  'secret-value': 'a value of it may hold a secret; left where K3s reads it now, and not managed',
  other: 'no matter of the network; left where K3s reads it now',
  unknown: 'no flag of K3s that is known here; check the spelling',
  role: 'agents of K3s do not know it; delete it there',
  fatal: 'K3s of this release refuses to start over it; delete it there',
  release: 'K3s of this release does not know it and passes over it; delete it there',
} as const

/** One note a reason, with the flags by the file that they stand in. */
function keptNotes(kept: readonly KeptFlag[]): ImportNote[] {
  return Object.entries(reasons).flatMap(([reason, why]) => {
    const byFile = new Map<string, Set<string>>()
    for (const { key, reason: own, at } of kept) {
      if (own === reason) byFile.set(at.place.file, (byFile.get(at.place.file) ?? new Set()).add(key))
    }
    const parts = [...byFile].map(([file, keys]) => `${namesOf([...keys])} (${file})`)
    return parts.length === 0 ? [] : [{ what: parts.join('; '), why }]
  })
}

import type { ArtefactId } from '../../domain/artefact.ts'
import type { SysctlArtefact } from '../../domain/host-route.ts'
import { deviceOfSysctl, sysctlRank } from '../../domain/sysctl-path.ts'
import type { DerivedSysctl } from './expand-sysctls.ts'

/** What is remembered of a setting that we wrote. */
export interface RememberedSysctl {
  readonly path: readonly string[]
  /** What it was before. */
  readonly previous: string
  /** What we wrote. */
  readonly ours: string
  /** The setting for all interfaces that it followed from: it is kept as long as that one is wanted. */
  readonly because?: ArtefactId
}

export interface SysctlPlan {
  /** In their order. */
  readonly writes: readonly SysctlWrite[]
  /** Settings that are no longer wanted and still ours: back to what they were. */
  readonly releases: readonly { readonly id: ArtefactId; readonly path: readonly string[]; readonly value: string }[]
  /** There is no such setting yet: its interface, or the module that has it, may still come. */
  readonly waiting: readonly { readonly id: ArtefactId; readonly key: string; readonly device?: string }[]
  /** To be remembered before the writes, instead of what was. */
  readonly remembered: ReadonlyMap<ArtefactId, RememberedSysctl>
}

export interface SysctlWrite {
  readonly artefact: SysctlArtefact
  readonly found: string
  /** It was ours, and somebody set it to something else. */
  readonly isDrift: boolean
}

/**
 * What takes the settings to what is wanted.
 * @param wanted with those that follow from others, as `expandSysctls` tells them
 * @param found what `/proc/sys` holds now, by the parts of the path joined with `/`; absent where there is no such setting
 */
export function planSysctls(
  wanted: readonly (SysctlArtefact | DerivedSysctl)[],
  found: ReadonlyMap<string, string | undefined>,
  memory: ReadonlyMap<ArtefactId, RememberedSysctl>,
): SysctlPlan {
  const writes: SysctlWrite[] = []
  const waiting: SysctlPlan['waiting'][number][] = []
  const remembered = new Map<ArtefactId, RememberedSysctl>()
  for (const artefact of wanted) {
    const value = found.get(artefact.path.join('/'))
    const before = memory.get(artefact.id)
    if (value === undefined) {
      const device = deviceOfSysctl(artefact.path)
      waiting.push({ id: artefact.id, key: artefact.key, ...(device === undefined ? {} : { device }) })
      // An interface that comes back begins anew: what it had before went with it.
      continue
    }
    remembered.set(artefact.id, {
      path: artefact.path,
      previous: before?.previous ?? value,
      ours: artefact.value,
      ...('because' in artefact ? { because: artefact.because } : {}),
    })
    if (isSameValue(value, artefact.value)) continue
    const isDerived = 'because' in artefact
    writes.push({
      artefact,
      found: value,
      isDrift: isDerived || (before !== undefined && isSameValue(before.ours, artefact.value)),
    })
  }
  const ids = new Set(wanted.map(({ id }) => id))
  for (const [id, entry] of memory) {
    if (entry.because !== undefined && ids.has(entry.because) && !remembered.has(id)) remembered.set(id, entry)
  }
  const releases = [...memory].flatMap(([id, { path, previous, ours }]) => {
    const value = found.get(path.join('/'))
    const isStillOurs = value !== undefined && isSameValue(value, ours) && !isSameValue(previous, ours)
    return ids.has(id) || remembered.has(id) || !isStillOurs ? [] : [{ id, path, value: previous }]
  })
  for (const { id } of releases) {
    const entry = memory.get(id)
    if (entry !== undefined) remembered.set(id, entry)
  }
  const inOrder = writes.toSorted((a, b) => sysctlRank(a.artefact.path) - sysctlRank(b.artefact.path))
  return { writes: inOrder, releases, waiting, remembered }
}

/** The kernel puts tabs between the numbers of a list. */
function isSameValue(a: string, b: string): boolean {
  return a.trim().replaceAll(/\s+/g, ' ') === b.trim().replaceAll(/\s+/g, ' ')
}

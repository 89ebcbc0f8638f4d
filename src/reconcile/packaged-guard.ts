import type { NodeObservation } from '../domain/observation.ts'
import type { PackagedSelection } from '../domain/program.ts'
import type { DeployEngine, K3sProcess, K3sProcessIdentity, PristineSet } from '../domain/status.ts'
import { packagedBundle } from '../k3s/bundle/packaged-bundle.ts'
import { k3sPaths, manifestName } from '../k3s/locations.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import type { PackagedTarget } from '../plan/packaged-target.ts'

/** Quiet this long after K3s staged its files: then they count as what it staged. */
const quietMs = 1_000
/** Files that K3s no longer ships are never staged again; after this long nobody waits for them. */
const leftoverAfterMs = 15_000

/** A K3s this much older than our watch has not staged either: its API server comes first. */
const startSlackMs = 2_000
/** Staged by every K3s at every start, whatever is disabled: until it is new, nothing was staged. */
const alwaysStaged = `${k3sPaths.manifests}/rolebindings.yaml`

/** What was seen of the packaged files since the K3s that runs now came up. Begins empty with every new process. */
export interface StagingWatch {
  readonly identity: K3sProcessIdentity
  /** Path → digests seen since that start. Two of them: somebody edited while K3s staged, and nobody can tell which. */
  readonly seen: ReadonlyMap<string, ReadonlySet<string>>
}

export interface GuardInput {
  readonly engine: DeployEngine
  readonly selection: PackagedSelection
  readonly observation: NodeObservation
  readonly process: K3sProcess | undefined
  readonly pristine: PristineSet | undefined
  readonly watch: StagingWatch | undefined
  /** How long Fairlead has been watching this machine, on a clock that nobody sets. */
  readonly watchingForMs: number
  readonly nowMs: number
}

export interface Guard {
  readonly target: PackagedTarget
  readonly watch?: StagingWatch
  /** Just captured; to be kept before anything is restored from it. */
  readonly captured?: PristineSet
  readonly revisitAfterMs?: number
}

/**
 * What the packaged files should be now (DESIGN §5). The set belongs to one K3s process: another pid, start time or
 * binary makes it worthless at once, so that an older release is never written over a newer one.
 */
export function guardPackaged(input: GuardInput): Guard {
  if (input.engine === 'builtin') return { target: { kind: 'bundle', files: packagedBundle(input.selection) } }
  const { process, pristine } = input
  if (process === undefined) return { target: { kind: 'starting' }, revisitAfterMs: quietMs }
  if (pristine !== undefined && sameK3s(pristine.identity, process.identity)) {
    return { target: { kind: 'pristine', files: new Map(Object.entries(pristine.files)) } }
  }
  if (process.upForMs > input.watchingForMs + startSlackMs) return { target: { kind: 'unknown' } }
  return watchStaging(input, process)
}

export function sameK3s(a: K3sProcessIdentity, b: K3sProcessIdentity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.binaryDigest === b.binaryDigest && a.bootId === b.bootId
}

function watchStaging(input: GuardInput, process: K3sProcess): Guard {
  const files = [...input.observation.files.values()].filter((file) =>
    isPackagedManifest(manifestName(file.path) ?? ''),
  )
  const staged = files.filter((file) => file.modifiedAtMs >= process.startedAtMs && file.text !== undefined)
  const watch = watchOn(input.watch, process.identity, staged)
  const quietFor = input.nowMs - Math.max(process.startedAtMs, ...staged.map((file) => file.modifiedAtMs))
  const hasBegun = staged.some((file) => file.path === alwaysStaged)
  const complete = hasBegun && (staged.length === files.length || quietFor >= leftoverAfterMs)
  if (!complete || quietFor < quietMs) return { target: { kind: 'starting' }, watch, revisitAfterMs: quietMs }

  const certain = staged.filter((file) => watch.seen.get(file.path)?.size === 1)
  const captured = {
    identity: process.identity,
    files: Object.fromEntries(certain.map((file) => [file.path, file.text ?? ''])),
  }
  return { target: { kind: 'pristine', files: new Map(Object.entries(captured.files)) }, watch, captured }
}

function watchOn(
  before: StagingWatch | undefined,
  identity: K3sProcessIdentity,
  staged: readonly { readonly path: string; readonly digest?: string }[],
): StagingWatch {
  const known = before !== undefined && sameK3s(before.identity, identity) ? before.seen : new Map()
  const seen = new Map<string, ReadonlySet<string>>(known)
  for (const file of staged) seen.set(file.path, new Set([...(known.get(file.path) ?? []), file.digest ?? '']))
  return { identity, seen }
}

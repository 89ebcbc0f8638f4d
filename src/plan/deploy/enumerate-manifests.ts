import type { ManifestTree, TreeEntry } from '../../domain/manifest-tree.ts'
import { addonName, disabledBy } from '../../k3s/manifest-rules.ts'
import { compareBytes } from './byte-order.ts'
import type { DeployRules } from './deploy-rules.ts'
import type { Safeguards } from './safeguards.ts'

/** Why a file is not deployed. */
export type SkipReason = 'hidden' | 'skip-marker' | 'extension'

export interface ManifestCandidate {
  /** Absolute, as the Addon and the Events name it. */
  readonly path: string
  readonly mtimeNs: bigint
  readonly action:
    | { readonly kind: 'deploy' }
    | { readonly kind: 'skip'; readonly reason: SkipReason }
    /** `mayDelete` is false behind a link that was followed: objects go, the file stays. */
    | { readonly kind: 'prune'; readonly item: string; readonly mayDelete: boolean }
}

/** Something about the directory that the user should hear of, whether or not we protect them from it. */
export type Hazard =
  | { readonly kind: 'empty-disable-item'; readonly guarded: boolean }
  | { readonly kind: 'dangling-link'; readonly path: string; readonly guarded: boolean }
  | { readonly kind: 'name-clash'; readonly addon: string; readonly paths: readonly string[] }

export type Enumeration = { readonly hazards: readonly Hazard[] } & (
  | { readonly kind: 'candidates'; readonly candidates: readonly ManifestCandidate[] }
  /** The whole pass fails: nothing is deployed and nothing pruned. */
  | { readonly kind: 'failed'; readonly message: string }
)

export interface EnumerationInput {
  readonly tree: ManifestTree
  /** Items of the `disable` list; empty ones are kept, they mean something. */
  readonly disabled: readonly string[]
  readonly rules: DeployRules
  readonly safeguards: Safeguards
}

/**
 * The files that a pass looks at, in K3s' order: whole paths by their bytes, so `x.yaml` comes before `x/1.yaml`.
 * @see k3s-io/k3s pkg/deploy/controller.go (`listFilesIn`); k3s-packaged-components §2.2, §2.3
 */
export function enumerateManifests({ tree, disabled, rules, safeguards }: EnumerationInput): Enumeration {
  const hazards: Hazard[] = []
  const guardsEmpty = safeguards.emptyDisableItem === 'ignore'
  if (disabled.includes('')) hazards.push({ kind: 'empty-disable-item', guarded: guardsEmpty })
  if (tree.kind === 'missing') return { kind: 'failed', message: tree.message, hazards }
  const dangling = rules.followsDirectoryLinks ? tree.entries.filter(isDangling) : []
  const guardsLinks = safeguards.danglingLink === 'leave-out'
  for (const { path } of dangling) {
    hazards.push({ kind: 'dangling-link', path: `${tree.base}/${path}`, guarded: guardsLinks })
  }
  const [broken] = dangling
  if (broken !== undefined && !guardsLinks) {
    return { kind: 'failed', message: `stat ${tree.base}/${broken.path}: no such file or directory`, hazards }
  }
  const found = tree.entries
    .filter((entry) => !dangling.includes(entry))
    .flatMap((entry) => filesBehind(entry, tree.base, rules))
    .sort((a, b) => compareBytes(a.path, b.path))
  const everything = disabled.includes('') && !guardsEmpty
  const markers = new Set(found.map(({ path }) => baseName(path)).filter((name) => name.endsWith('.skip')))
  const files = found.filter(({ isMarkerOnly }) => !isMarkerOnly)
  const candidates = files.map(({ path, name, mtimeNs, behindLink }): ManifestCandidate => {
    const item = everything ? '' : disabledBy(name, disabled)
    if (item !== undefined) return { path, mtimeNs, action: { kind: 'prune', item, mayDelete: !behindLink } }
    const reason = skipReason(baseName(path), markers, rules)
    return { path, mtimeNs, action: reason === undefined ? { kind: 'deploy' } : { kind: 'skip', reason } }
  })
  return { kind: 'candidates', candidates, hazards: [...hazards, ...clashes(candidates)] }
}

interface FoundFile {
  readonly path: string
  /** What items of the `disable` list are compared with: relative to the base, where it is below it. */
  readonly name: string
  readonly mtimeNs: bigint
  readonly behindLink: boolean
  /** A directory, which still may be the marker of a file. */
  readonly isMarkerOnly: boolean
}

function filesBehind(entry: TreeEntry, base: string, rules: DeployRules): readonly FoundFile[] {
  const { target } = entry
  if (target?.kind !== 'directory' || !rules.followsDirectoryLinks) {
    return foundFile(entry, `${base}/${entry.path}`, entry.path, false, rules)
  }
  return target.entries.flatMap((below) => {
    const path = rules.logicalLinkPaths ? `${base}/${entry.path}/${below.path}` : `${target.realPath}/${below.path}`
    const name = path.startsWith(`${base}/`) ? path.slice(base.length + 1) : path
    return foundFile(below, path, name, rules.logicalLinkPaths, rules)
  })
}

function foundFile(
  { type, mtimeNs }: TreeEntry,
  path: string,
  name: string,
  behindLink: boolean,
  rules: DeployRules,
): readonly FoundFile[] {
  const isMarkerOnly = type === 'directory' && !rules.directoriesAsFiles
  return isMarkerOnly && !path.endsWith('.skip') ? [] : [{ path, name, mtimeNs, behindLink, isMarkerOnly }]
}

function skipReason(name: string, markers: ReadonlySet<string>, rules: DeployRules): SkipReason | undefined {
  if (name.startsWith('.')) return 'hidden'
  if (markers.has(`${name}.skip`)) return 'skip-marker'
  return (rules.extensionsAnyCase ? /\.(yaml|yml|json)$/i : /\.(yaml|yml|json)$/).test(name) ? undefined : 'extension'
}

/** Files of one Addon prune each other's objects: the last one that was applied wins. */
function clashes(candidates: readonly ManifestCandidate[]): readonly Hazard[] {
  const paths = new Map<string, string[]>()
  for (const { path, action } of candidates) {
    if (action.kind !== 'deploy') continue
    const addon = addonName(path)
    paths.set(addon, [...(paths.get(addon) ?? []), path])
  }
  return [...paths]
    .filter(([, all]) => all.length > 1)
    .map(([addon, all]) => ({ kind: 'name-clash' as const, addon, paths: all }))
}

function isDangling({ target }: TreeEntry): boolean {
  return target?.kind === 'missing'
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

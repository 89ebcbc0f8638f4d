import type { DeployStatus, DeployWarning, ManifestStatus } from '../../domain/deploy-status.ts'
import { addonName } from '../../k3s/manifest-rules.ts'
import type { PassedFile, PassOutcome } from './deploy-pass.ts'
import type { Hazard } from './enumerate-manifests.ts'

/** What became of each file, by path, over all passes of a process. */
export type DeployResults = ReadonlyMap<string, PassedFile['outcome']>

/** A file that a pass did not touch, or found as it was, is still what an earlier pass made of it. */
export function withPass(known: DeployResults, files: readonly PassedFile[]): DeployResults {
  return new Map(
    files.map(({ path, outcome }) => {
      const before = known.get(path)
      const isSame = outcome.kind === 'untouched' || (outcome.kind === 'unchanged' && before?.kind === 'applied')
      return [path, isSame && before !== undefined ? before : outcome]
    }),
  )
}

export interface DeployView {
  readonly results: DeployResults
  readonly hazards: PassOutcome['hazards']
  /** Paths of the files that Fairlead wants there, and of those that it is taking away. */
  readonly ours: ReadonlySet<string>
  /** Of ours, files that were emptied because nothing wants them any more. */
  readonly removing: ReadonlySet<string>
  /** Every file is applied again in every full pass. */
  readonly forced: boolean
  /** Why the API server could not be asked; undefined while it answers. */
  readonly away: string | undefined
}

/** What our own engine tells of the directory. Texts move only when something did. */
export function deployStatus(view: DeployView): DeployStatus {
  const { results, ours } = view
  const paths = [...new Set([...ours, ...results.keys()])].sort()
  const manifests = paths.flatMap((path) => {
    const outcome = results.get(path)
    const { state, message } =
      outcome?.kind === 'applied' && view.removing.has(path) ? beingRemoved : stateOf(outcome, view.away)
    // Nobody has to look at somebody else's file that is applied, waits, or is not meant to be.
    return ours.has(path) || state === 'Failed' ? [{ path, addon: addonName(path), state, message }] : []
  })
  return { manifests, warnings: warningsOf(view) }
}

const beingRemoved: Told = { state: 'Pending', message: 'emptied; it goes once its objects are gone' }

type Told = Pick<ManifestStatus, 'state' | 'message'>

function stateOf(outcome: PassedFile['outcome'] | undefined, away: string | undefined): Told {
  switch (outcome?.kind) {
    case 'applied':
    case 'unchanged':
    case 'untouched':
      return { state: 'Applied', message: '' }
    case 'failed':
    case 'prune-failed':
      return away === undefined
        ? { state: 'Failed', message: outcome.message }
        : { state: 'Pending', message: `waits for the API server: ${away}` }
    case 'skipped':
      return { state: 'Pending', message: skipTexts[outcome.reason] }
    case 'prune-begun':
      return { state: 'Pending', message: 'its Addon is gone; its objects and the file go in the next pass' }
    case 'pruned':
      return { state: 'Pending', message: 'disabled; its objects are gone, and the file behind the link stays' }
    case undefined:
      return {
        state: 'Pending',
        message: away === undefined ? 'not in place yet' : `waits for the API server: ${away}`,
      }
  }
}

const skipTexts = {
  hidden: 'its name begins with a dot, which keeps it from being applied',
  extension: 'its extension is none of .yaml, .yml and .json, so it is not applied',
  'skip-marker': 'a file with .skip behind its name keeps it from being applied',
} as const

function warningsOf({ results, hazards, forced, away }: DeployView): readonly DeployWarning[] {
  const warnings = [
    ...hazards.map(hazardWarning),
    ...[...results].flatMap(([path, outcome]) =>
      outcome.kind === 'applied' && outcome.isRevert === true ? [revertWarning(path)] : [],
    ),
    ...forcedWarning(results, forced && away === undefined),
  ]
  return warnings.sort((a, b) => (`${a.code} ${a.path}` < `${b.code} ${b.path}` ? -1 : 1))
}

function hazardWarning(hazard: Hazard): DeployWarning {
  switch (hazard.kind) {
    case 'empty-disable-item':
      return {
        code: 'EMPTY_DISABLE_ITEM',
        path: '',
        message: hazard.guarded
          ? 'the list of disabled components has an empty item, which is ignored; a K3s would delete every manifest and its objects for it'
          : 'the list of disabled components has an empty item, for which every manifest and its objects are deleted',
      }
    case 'dangling-link':
      return {
        code: 'DANGLING_LINK',
        path: hazard.path,
        message: hazard.guarded
          ? 'the link leads nowhere and is left out; a K3s would deploy nothing at all while it is there'
          : 'the link leads nowhere, and nothing at all is deployed while it is there',
      }
    case 'name-clash':
      return {
        code: 'ADDON_NAME_CLASH',
        path: hazard.paths[0] ?? '',
        message: `${hazard.paths.join(' and ')} share the Addon ${hazard.addon}, so that each deletes the objects of the other; rename one of them`,
      }
  }
}

function revertWarning(path: string): DeployWarning {
  const message =
    'the content of before was applied again after an attempt with another one failed half-way; a K3s would take the file for unchanged and leave what the attempt changed'
  return { code: 'REVERT_AFTER_FAILURE', path, message }
}

/** K3s never says why everything is applied again and again. */
function forcedWarning(results: DeployResults, forced: boolean): readonly DeployWarning[] {
  const failed = [...results].filter(([, { kind }]) => kind === 'failed' || kind === 'prune-failed')
  const [first] = failed.map(([path]) => path).sort()
  if (!forced || first === undefined) return []
  const message = `every manifest is applied again every 15 seconds, as K3s does, until ${failed.length === 1 ? 'this one succeeds' : `these ${failed.length} succeed`} once`
  return [{ code: 'FORCED_BY_FAILURE', path: first, message }]
}

import type { ManifestTree } from '../../domain/manifest-tree.ts'
import type { AppliedCodec } from './applied-annotation.ts'
import type { DeployContext } from './deploy-context.ts'
import { deployFile, type FileOutcome } from './deploy-file.ts'
import type { DeployRules } from './deploy-rules.ts'
import type { Steps } from './deploy-steps.ts'
import { enumerateManifests, type Hazard, type ManifestCandidate, type SkipReason } from './enumerate-manifests.ts'
import { type DeployMemory, type PassScope, passesMtimeGate, remember } from './file-gates.ts'
import { type PruneOutcome, pruneFile } from './prune-file.ts'
import type { Safeguards } from './safeguards.ts'
import type { KnownKinds } from './served-kinds.ts'

export interface PassInput {
  readonly tree: ManifestTree
  /** Items of K3s' `disable` list, empty ones included. */
  readonly disabled: readonly string[]
  readonly memory: DeployMemory
  readonly scope: PassScope
  /** Grows with what the server says; kept as long as the process. */
  readonly known: KnownKinds
  readonly rules: DeployRules
  readonly safeguards: Safeguards
  readonly codec: AppliedCodec
}

export interface PassedFile {
  readonly path: string
  readonly outcome:
    | FileOutcome
    | PruneOutcome
    | { readonly kind: 'skipped'; readonly reason: SkipReason }
    /** The mtime is that of the last success; not even read. */
    | { readonly kind: 'untouched' }
}

export interface PassOutcome {
  readonly memory: DeployMemory
  readonly files: readonly PassedFile[]
  readonly hazards: readonly Hazard[]
  /** With K3s' prefixes; what its log holds after `Failed to process config: `, joined with `, `. */
  readonly errors: readonly string[]
}

/**
 * One pass over the manifests directory, file after file. The error of one keeps no other from being looked at; while
 * there is any, the process stays in the forced mode that it begins in.
 *
 * Run it with `next`: every question that it yields wants its answer (`DeployAsk`, `DeployAnswer`).
 *
 * @see k3s-io/k3s pkg/deploy/controller.go; k3s-packaged-components §2
 */
export function* deployPass(input: PassInput): Steps<PassOutcome> {
  const found = enumerateManifests(input)
  if (found.kind === 'failed') {
    return { memory: input.memory, files: [], hazards: found.hazards, errors: [found.message] }
  }
  const context: DeployContext = { rules: input.rules, codec: input.codec, known: input.known }
  let { memory } = input
  const files: PassedFile[] = []
  const errors: string[] = []
  for (const file of found.candidates) {
    if (file.action.kind === 'prune') {
      const outcome = yield* pruneFile(file.path, file.action.mayDelete, context)
      if (outcome.kind === 'prune-failed') errors.push(`failed to delete ${file.path}: ${outcome.message}`)
      files.push({ path: file.path, outcome })
    } else if (file.action.kind === 'skip') {
      files.push({ path: file.path, outcome: { kind: 'skipped', reason: file.action.reason } })
    } else if (passesMtimeGate(file, memory, input.rules, input.scope)) {
      // Whether gates hold is decided once for the pass.
      const { outcome, mark } = yield* deployFile(file.path, memory, input.safeguards, context)
      if (outcome.kind === 'failed') errors.push(`failed to process ${file.path}: ${outcome.message}`)
      memory = remember(memory, file, mark)
      files.push({ path: file.path, outcome })
    } else files.push({ path: file.path, outcome: { kind: 'untouched' } })
  }
  const forced = memory.forced && errors.length > 0
  return { memory: withoutGone({ ...memory, forced }, found.candidates), files, hazards: found.hazards, errors }
}

/** Files that left the directory are forgotten, or names that come and go would be remembered for ever. */
function withoutGone(memory: DeployMemory, candidates: readonly ManifestCandidate[]): DeployMemory {
  const paths = new Set(candidates.map(({ path }) => path))
  return {
    ...memory,
    mtimes: new Map([...memory.mtimes].filter(([path]) => paths.has(path))),
    unsettled: new Set([...memory.unsettled].filter((path) => paths.has(path))),
  }
}

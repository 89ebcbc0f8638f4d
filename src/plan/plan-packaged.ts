import { type FileArtefact, fileId } from '../domain/artefact.ts'
import type { FileChange, Impact, ReportedDrift } from '../domain/change.ts'
import { fileMode, isUnobserved, type ObservedFile } from '../domain/observation.ts'
import { manifestName } from '../k3s/locations.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import { sha256Hex } from '../text/digest.ts'
import { packagedFiles } from './packaged-target.ts'
import type { PlanInput } from './plan-input.ts'

interface PlannedPackaged {
  readonly changes: readonly FileChange[]
  readonly reported: readonly ReportedDrift[]
  readonly claims: readonly FileArtefact[]
}

const staged: Impact = { kind: 'PodRestart', reason: 'the component is applied again as it is shipped' }

/**
 * Packaged files back to what was staged. They are overwritten whoever changed them, exactly like K3s does when it
 * starts; where nobody knows what was staged, an edit is reported and nothing is written.
 */
export function planPackaged(input: PlanInput): PlannedPackaged {
  const { packaged, program } = input
  // Agents have no manifests directory.
  if (program.role === 'agent') return { changes: [], claims: [], reported: [] }
  if (packaged.kind === 'unknown' || packaged.kind === 'starting') {
    return { changes: [], claims: [], reported: notGuarded(input, packaged.kind) }
  }
  const changes: FileChange[] = []
  const reported: ReportedDrift[] = []
  const claims: FileArtefact[] = []
  for (const [path, text] of packagedFiles(packaged)) {
    if (program.files.some((file) => file.path === path) || isUnobserved(input.observation, path)) continue
    const before = input.observation.files.get(path)
    const after: FileArtefact = { kind: 'file', id: fileId(path), location: 'manifest', path, text, origin: 'packaged' }
    if (before !== undefined && isAsStaged(before, text)) {
      const known = input.inventory.entries.get(after.id)?.digest === sha256Hex(text)
      if (packaged.kind === 'bundle' && !known) claims.push(after)
      continue
    }
    const isDrift = packaged.kind === 'pristine' || input.inventory.entries.get(after.id)?.digest === sha256Hex(text)
    if (isDrift && program.drift.packagedFiles === 'Report' && !(input.restage && packaged.kind === 'bundle')) {
      reported.push({
        path,
        reason: 'PackagedFilesReport',
        message: `${difference(before)}; spec.drift.packagedFiles is Report`,
      })
      continue
    }
    const cause = isDrift ? 'Drift' : 'Revision'
    changes.push({ kind: 'restore', id: after.id, cause, impact: staged, before, after })
  }
  return { changes, reported, claims }
}

function isAsStaged(before: ObservedFile, text: string): boolean {
  return before.type === 'file' && before.mode === fileMode && before.digest === sha256Hex(text)
}

function difference(before: ObservedFile | undefined): string {
  return before === undefined ? 'the packaged file is missing' : 'the packaged file was changed'
}

/** A hint for people: packaged files are there and nobody guards them now. */
function notGuarded(input: PlanInput, kind: 'unknown' | 'starting'): ReportedDrift[] {
  const paths = [...input.observation.files.keys()].filter((path) => isPackagedManifest(manifestName(path) ?? ''))
  const [reason, message] =
    kind === 'starting'
      ? (['K3sStarting', 'K3s is not up or still staging; its files are guarded again once it has finished'] as const)
      : (['PristineUnknown', 'what K3s staged is not known; guarded from its next start on'] as const)
  return paths.sort().map((path) => ({ path, reason, message }))
}

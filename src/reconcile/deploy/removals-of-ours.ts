import type { Inventory } from '../../domain/inventory.ts'
import type { RemovalProgress } from '../../domain/manifest-removal.ts'
import type { NodeProgram } from '../../domain/program.ts'
import { manifestName } from '../../k3s/locations.ts'
import { addonName, isDeployable } from '../../k3s/manifest-rules.ts'
import type { DeployResults } from '../../plan/deploy/deploy-results.ts'
import { wantedObjects } from '../../plan/moved-manifests.ts'
import type { LeavingManifest } from './retire-manifests.ts'

/** Manifests of ours that nothing wants any more: applied with nothing in them, or gone because their objects moved. */
export function emptiedManifests(
  inventory: Inventory,
  program: NodeProgram,
  results: DeployResults,
  deletesObjects: boolean,
): readonly LeavingManifest[] {
  const wanted = new Set(program.files.map(({ path }) => path))
  return [...inventory.entries.values()].flatMap((entry): readonly LeavingManifest[] => {
    const path = entry.id.slice('file:'.length)
    const isOver = entry.class === 'program' && manifestName(path) !== undefined && !wanted.has(path)
    if (!isOver) return []
    const manifest = { path, kinds: entry.kinds ?? [], sharesAddon: hasTwin(results, path) }
    if (entry.moved !== undefined && !results.has(path)) {
      return [{ ...manifest, kind: 'moved', wanted: isApplied(results, program) ? wantedObjects(program) : undefined }]
    }
    return isAppliedEmpty(results, path) ? [{ ...manifest, kind: 'emptied', deletesObjects }] : []
  })
}

/** An Addon whose file went while a pass looked at it is made once more by that pass. */
export function addonsToForget(
  progress: ReadonlyMap<string, RemovalProgress>,
  results: DeployResults,
): readonly string[] {
  const gone = [...progress].filter(([path, state]) => state === 'pruned' && !results.has(path))
  return gone.filter(([path]) => !hasTwin(results, path)).map(([path]) => addonName(path))
}

function isAppliedEmpty(results: DeployResults, path: string): boolean {
  const outcome = results.get(path)
  if (outcome?.kind !== 'applied') return false
  const { created, patched, unchanged } = outcome.counts
  return created + patched + unchanged === 0
}

/** Everything that the program wants is there: what moved has been taken over. */
function isApplied(results: DeployResults, { files }: NodeProgram): boolean {
  return files
    .filter(({ location, path }) => location === 'manifest' && isDeployable(path))
    .every(({ path }) => applied.has(results.get(path)?.kind ?? ''))
}

const applied: ReadonlySet<string> = new Set(['applied', 'unchanged', 'untouched'])

function hasTwin(results: DeployResults, path: string): boolean {
  const addon = addonName(path)
  return [...results].some(([other, { kind }]) => other !== path && kind !== 'skipped' && addonName(other) === addon)
}

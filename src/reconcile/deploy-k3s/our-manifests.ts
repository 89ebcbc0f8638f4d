import type { DeployStatus } from '../../domain/deploy-status.ts'
import type { NodeObservation } from '../../domain/observation.ts'
import type { NodeProgram } from '../../domain/program.ts'
import type { PristineSet } from '../../domain/status.ts'
import { manifestName } from '../../k3s/locations.ts'
import type { OurManifest } from '../../plan/k3s-engine/our-manifest.ts'
import { sha256Hex } from '../../text/digest.ts'

/**
 * The manifests of a program as K3s is to apply them. Of an encrypted one only this machine's disk knows the bytes; while it
 * is not there, it has nothing that K3s could have applied.
 */
export function ourManifests({ files }: NodeProgram, observation: NodeObservation): readonly OurManifest[] {
  return files
    .filter(({ location }) => location === 'manifest')
    .map(({ path, text, secrecy }) => {
      const there = observation.files.get(path)?.digest
      const digest = secrecy === undefined ? sha256Hex(text) : (there ?? '')
      return { path, text, digest, isInPlace: there === digest }
    })
}

/** Those that K3s is not known to have applied; of what cannot be told, nobody waits to hear. */
export function unappliedOf(manifests: readonly OurManifest[], { manifests: rows }: DeployStatus): readonly string[] {
  const open = new Set(rows.filter(({ state }) => state !== 'Applied' && state !== 'Unknown').map(({ path }) => path))
  return manifests.map(({ path }) => path).filter((path) => open.has(path))
}

/** Every file of the manifests directory, relative to it. */
export function manifestNames({ files }: NodeObservation): readonly string[] {
  return [...files.keys()].flatMap((path) => manifestName(path) ?? [])
}

/** Packaged files that are on the disk as the K3s that runs staged them. */
export function packagedManifests(
  pristine: PristineSet | undefined,
  observation: NodeObservation,
): readonly OurManifest[] {
  return Object.entries(pristine?.files ?? {})
    .map(([path, text]) => ({ path, text, digest: sha256Hex(text), isInPlace: true }))
    .filter(({ path, digest }) => observation.files.get(path)?.digest === digest)
}

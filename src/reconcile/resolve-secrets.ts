import { type FileArtefact, fileId } from '../domain/artefact.ts'
import type { ReportedDrift } from '../domain/change.ts'
import { Failure } from '../domain/failure.ts'
import type { Inventory } from '../domain/inventory.ts'
import type { NodeObservation, ObservedFile } from '../domain/observation.ts'
import type { NodeProgram } from '../domain/program.ts'
import type { SecretsPort } from '../ports/secrets-port.ts'

/** A program as it can be carried out here: with plaintext, for the memory of this process only. */
export interface ResolvedProgram {
  readonly program: NodeProgram
  readonly locked: readonly LockedFile[]
}

export interface LockedFile {
  readonly path: string
  readonly failure: Failure
}

/**
 * Decrypts what is encrypted in a program. A file that cannot be decrypted is locked: it blocks itself and nothing else
 * (law 8). The digest stays that of the ciphertext.
 */
export async function resolveSecrets(program: NodeProgram, secrets: SecretsPort): Promise<ResolvedProgram> {
  if (!program.files.some(isEncrypted)) return { program, locked: [] }
  const locked: LockedFile[] = []
  const files: FileArtefact[] = []
  // One after the other: a missing key is the same for all of them, and is only asked for.
  for (const file of program.files) {
    if (!isEncrypted(file)) {
      files.push(file)
      continue
    }
    try {
      const text = await secrets.decrypt({ name: file.origin, text: file.text })
      files.push({ ...file, text, secrecy: 'decrypted' })
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      files.push({ ...file, secrecy: 'locked' })
      locked.push({ path: file.path, failure: error })
    }
  }
  return { program: { ...program, files }, locked }
}

/** What failed, each once: a missing key is the same for all files. */
export function lockedFailures(locked: readonly LockedFile[]): readonly Failure[] {
  const failures = new Map(locked.map(({ failure }) => [`${failure.detail.code} ${failure.message}`, failure]))
  return [...failures.values()]
}

/** The locked files in a plan, for people. */
export function reportLocked(locked: readonly LockedFile[]): ReportedDrift[] {
  return locked.map(({ path, failure: { message, detail } }) => ({
    path,
    reason: 'Encrypted',
    message: `stays as it is: ${detail.code}: ${message} (${detail.fix})`,
  }))
}

/**
 * An observation in which everything that was, is or will be decrypted is marked, so that no line of it is shown or kept:
 * by the program, and by what the inventory says of files that no program wants any more.
 */
export function markSecrets(observation: NodeObservation, program: NodeProgram, inventory: Inventory): NodeObservation {
  const wanted = new Set(program.files.flatMap((file) => (file.secrecy === undefined ? [] : [file.path])))
  const holdsSecret = (path: string): boolean =>
    wanted.has(path) || inventory.entries.get(fileId(path))?.holdsSecret === true
  const marked = [...observation.files.values()].filter((file) => holdsSecret(file.path))
  if (marked.length === 0) return observation
  const files = new Map<string, ObservedFile>(observation.files)
  for (const file of marked) files.set(file.path, { ...file, holdsSecret: true })
  return { ...observation, files }
}

/**
 * For a machine that only its capture is known of: ciphertext cannot be compared with what stands there, so a file of
 * ours that is there is reported and counts as it is.
 */
export function lockCaptured(
  program: NodeProgram,
  observation: NodeObservation,
  inventory: Inventory,
): { readonly program: NodeProgram; readonly reported: readonly ReportedDrift[] } {
  const isThere = (file: FileArtefact): boolean =>
    isEncrypted(file) && observation.files.has(file.path) && inventory.entries.has(file.id)
  const reported = program.files.filter(isThere).map(({ path }): ReportedDrift => {
    return { path, reason: 'Encrypted', message: 'encrypted; only its machine can tell whether it would change' }
  })
  if (reported.length === 0) return { program, reported }
  const files = program.files.map((file) => (isThere(file) ? ({ ...file, secrecy: 'locked' } as const) : file))
  return { program: { ...program, files }, reported }
}

function isEncrypted(file: FileArtefact): boolean {
  return file.secrecy === 'encrypted'
}

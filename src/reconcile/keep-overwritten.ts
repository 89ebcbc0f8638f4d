import type { FileChange } from '../domain/change.ts'
import { type InventoryEntry, isOurContent } from '../domain/inventory.ts'
import type { ObservedFile } from '../domain/observation.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { NodeFilesPort } from '../ports/node-files-port.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import { sha256Hex } from '../text/digest.ts'
import type { RepairLimits } from './repair-limits.ts'

interface KeepPorts {
  readonly files: NodeFilesPort
  readonly state: NodeStatePort
  readonly clock: ClockPort
}

/**
 * Keeps what a change is about to overwrite or remove, unless we wrote it ourselves, and counts repairs. Text goes to the
 * lost edits, unless the file holds secrets; what is no text (binary, too large) is moved into the quarantine as it is.
 * @returns true when the file itself was moved away
 */
export async function keepOverwritten(
  change: FileChange,
  entry: InventoryEntry | undefined,
  limits: RepairLimits,
  ports: KeepPorts,
): Promise<boolean> {
  const path = 'after' in change ? change.after.path : change.before.path
  const before = change.kind === 'create' ? undefined : change.before
  const wanted = 'after' in change ? sha256Hex(change.after.text) : undefined
  const isForeign = before !== undefined && before.digest !== wanted && !(entry && isOurContent(entry, before.digest))
  if (change.cause !== 'Drift' && !isForeign) return false

  const writer = before === undefined ? 'unknown' : await ports.files.describeWriter(path)
  if (change.cause === 'Drift') limits.repaired(path, ports.clock.nowMs(), writer)
  const cause = before === undefined ? 'deleted' : isForeign ? 'edited' : 'mode'
  const moved = isForeign && before.text === undefined && before.type === 'file'
  const isSecret = before?.holdsSecret === true || ('after' in change && change.after.secrecy !== undefined)
  const text = moved ? await movedAside(path, before, ports.files) : isSecret ? notKept(path) : (before?.text ?? '')
  const repairedAt = new Date(ports.clock.nowMs()).toISOString()
  await ports.state.keepLostEdit({ path, digest: sha256Hex(text), repairedAt, cause, writer }, text)
  return moved
}

/** Nobody can tell the edit of a decrypted file from the secret in it. */
function notKept(path: string): string {
  return `The content of ${path} was not kept: the file holds secrets\n`
}

async function movedAside(path: string, before: ObservedFile, files: NodeFilesPort): Promise<string> {
  const now = await files.quarantineFile(path, before)
  return `The content of ${path} is no text (${before.unreadable ?? 'unreadable'}). It was moved to ${now}\n`
}

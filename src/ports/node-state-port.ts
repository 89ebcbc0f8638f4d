import type { PassRecord } from '../domain/history.ts'
import type { Inventory } from '../domain/inventory.ts'
import type { LostEdit } from '../domain/lost-edit.ts'
import type { NodeProgram } from '../domain/program.ts'
import type { Adoption, PristineSet, ReconcileRequest, StatusSnapshot, Suspension } from '../domain/status.ts'

/** The program that is enforced until a better one comes, with the revision that asked for it. */
export interface LastGood {
  readonly program: NodeProgram
  readonly revision: {
    readonly name: string
    readonly commit: string
    readonly author: string
    readonly subject: string
  }
}

/**
 * What Fairlead keeps on a machine, below `/var/lib/fairlead`. Every write is atomic and synced; a file that cannot be
 * read back is moved aside and counts as absent, with a warning, never as empty.
 */
export interface NodeStatePort {
  readInventory(): Promise<Inventory>
  writeInventory(inventory: Inventory): Promise<void>
  readLastGood(): Promise<LastGood | undefined>
  writeLastGood(lastGood: LastGood): Promise<void>
  readPristine(): Promise<PristineSet | undefined>
  writePristine(pristine: PristineSet): Promise<void>
  readAdoption(): Promise<Adoption | undefined>
  writeAdoption(adoption: Adoption): Promise<void>
  readSuspension(): Promise<Suspension | undefined>
  writeSuspension(suspension: Suspension | undefined): Promise<void>
  readReconcileRequest(): Promise<ReconcileRequest | undefined>
  writeReconcileRequest(request: ReconcileRequest): Promise<void>
  readStatus(): Promise<StatusSnapshot | undefined>
  /** Not written when it says what is there already. */
  writeStatus(status: StatusSnapshot): Promise<void>
  readHistory(): Promise<readonly PassRecord[]>
  appendHistory(record: PassRecord): Promise<void>
  /** Newest first. */
  readLostEdits(): Promise<readonly LostEdit[]>
  readLostEditText(digest: string): Promise<string | undefined>
  /** Keeps the newest 200; the same content at the same path is kept once. */
  keepLostEdit(edit: LostEdit, text: string): Promise<void>
}

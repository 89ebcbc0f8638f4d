import { historyLength, type PassRecord } from '../../domain/history.ts'
import { emptyInventory, type Inventory, type InventoryEntry } from '../../domain/inventory.ts'
import type { Adoption, PristineSet, ReconcileRequest, StatusSnapshot, Suspension } from '../../domain/status.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { LastGood, NodeStatePort } from '../../ports/node-state-port.ts'
import { LostEditStore } from './lost-edit-store.ts'
import { stableJson } from './stable-json.ts'
import { StateDirectory } from './state-directory.ts'
import { StateFile } from './state-file.ts'
import { acquireStateLock, lockHolder } from './state-lock.ts'

const statusName = 'status.json'

export interface NodeState extends NodeStatePort {
  /** The inventory, for whoever only looks: a damaged one is a Failure STATE_DAMAGED, and stays where it is. */
  peekInventory(): Promise<Inventory>
  /** Nothing is enforced any more until a program was read. */
  forgetLastGood(): Promise<void>
  /**
   * One process at a time; the lock of a dead one is taken over, and what its last write left behind removed.
   * @returns a function that gives the lock back
   * @throws Failure ALREADY_RUNNING, naming the other process
   */
  acquireLock(): Promise<() => Promise<void>>
  /** The process that holds the lock now; undefined when none does. Changes nothing. */
  lockHolder(): Promise<number | undefined>
}

/** The state kept in `stateDirectory`, a path on this disk. Nothing is touched before the first call. */
export function openNodeState(options: { readonly stateDirectory: string; readonly log: LogPort }): NodeState {
  const { log } = options
  const directory = new StateDirectory(options.stateDirectory)
  const file = <T extends object>(name: string, consequence: string): StateFile<T> =>
    new StateFile<T>(directory, name, consequence, log)
  const inventory = file<readonly InventoryEntry[]>(
    'inventory.json',
    'what Fairlead wrote before counts as foreign until it is written again or adopted; nothing is deleted',
  )
  const lastGood = file<LastGood>('last-good.json', 'nothing is enforced until the repository was read')
  const pristine = file<PristineSet>('pristine.json', 'packaged files are only reported until K3s starts again')
  const adoption = file<Adoption>('adoption.json', 'the machine counts as not adopted, and is only observed')
  const suspension = file<Suspension>('suspension.json', 'reconciling is no longer suspended')
  const request = file<ReconcileRequest>('reconcile-request.json', 'a request for a pass is forgotten')
  const history = file<readonly PassRecord[]>('history.json', 'earlier passes are no longer listed')
  const lostEdits = new LostEditStore(directory.child('lost-edits'), log)
  const inTurn = oneAtATime()

  return {
    lockHolder: () => lockHolder(directory),
    readInventory: async () => asInventory(await inventory.read()),
    peekInventory: async () => asInventory(await inventory.peek()),
    writeInventory: async ({ entries }) => await inventory.write(sortedEntries(entries)),
    readLastGood: () => lastGood.read(),
    writeLastGood: (value) => lastGood.write(value),
    forgetLastGood: () => lastGood.remove(),
    readPristine: () => pristine.read(),
    writePristine: (value) => pristine.write(value),
    readAdoption: () => adoption.read(),
    writeAdoption: (value) => adoption.write(value),
    readSuspension: () => suspension.read(),
    writeSuspension: (value) => (value === undefined ? suspension.remove() : suspension.write(value)),
    readReconcileRequest: () => request.read(),
    writeReconcileRequest: (value) => request.write(value),
    readStatus: async () => parseStatus(await directory.read(statusName)),
    writeStatus: (status) => inTurn(() => writeStatus(directory, status)),
    readHistory: async () => (await history.read()) ?? [],
    appendHistory: (record) =>
      inTurn(async () => {
        await history.write([...((await history.read()) ?? []), record].slice(-historyLength))
      }),
    readLostEdits: () => lostEdits.list(),
    readLostEditText: (digest) => lostEdits.text(digest),
    keepLostEdit: (edit, text) => inTurn(() => lostEdits.keep(edit, text)),
    acquireLock: async () => {
      const release = await acquireStateLock(directory)
      await directory.removeLeftovers()
      return release
    },
  }
}

function asInventory(entries: readonly InventoryEntry[] | undefined): Inventory {
  return entries === undefined ? emptyInventory : { entries: new Map(entries.map((entry) => [entry.id, entry])) }
}

function sortedEntries(entries: Inventory['entries']): readonly InventoryEntry[] {
  return [...entries.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

/** The bare value, without an envelope: other programs read this file, and nothing is decided from it. */
async function writeStatus(directory: StateDirectory, status: StatusSnapshot): Promise<void> {
  const text = stableJson(status)
  if ((await directory.read(statusName))?.toString('utf8') !== text) await directory.write(statusName, text)
}

function parseStatus(bytes: Buffer | undefined): StatusSnapshot | undefined {
  if (bytes === undefined) return undefined
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'))
    const isStatus = typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status'
    return isStatus ? (parsed as StatusSnapshot) : undefined
  } catch {
    // Written anew with the next pass.
    return undefined
  }
}

/** What reads, changes and writes a file must not meet itself half way. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}

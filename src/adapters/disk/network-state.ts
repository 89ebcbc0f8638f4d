import { stat } from 'node:fs/promises'
import type { LogPort } from '../../ports/log-port.ts'
import {
  type ConfirmedNetwork,
  emptyNetworkInventory,
  type NetworkInventory,
  type NetworkStatePort,
  type TrialNetwork,
} from '../../ports/network-state-port.ts'
import { StateDirectory } from './state-directory.ts'
import { StateFile } from './state-file.ts'

/** How many confirmed programs are kept: the newest that can be read counts. */
const keptPrograms = 5

/** What is kept about the kernel in `stateDirectory`, a path on this disk. Nothing is touched before the first call. */
export function openNetworkState(options: {
  readonly stateDirectory: string
  readonly log: LogPort
}): NetworkStatePort {
  const { log } = options
  const directory = new StateDirectory(options.stateDirectory)
  const programs = Array.from(
    { length: keptPrograms },
    (_, age) =>
      new StateFile<ConfirmedNetwork>(
        directory,
        age === 0 ? 'network.json' : `network-${age}.json`,
        'the one confirmed before it is enforced',
        log,
      ),
  )
  const trial = new StateFile<TrialNetwork>(
    directory,
    'network-trial.json',
    'a risky change that was confirmed while we were away is looked at again',
    log,
  )
  const inventory = new StateFile<NetworkInventory>(
    directory,
    'network-inventory.json',
    'kernel settings keep our values when they are no longer wanted',
    log,
  )
  const confirmed = rereadWhenChanged(`${directory.path}/network.json`, () => newest(programs))
  const tried = rereadWhenChanged(`${directory.path}/network-trial.json`, () => trial.read())
  return {
    readConfirmed: confirmed,
    readOlder: async () => {
      const newestDigest = (await confirmed())?.digest
      const older = await Promise.all(programs.slice(1).map((program) => program.read()))
      return older.filter((one) => one !== undefined).filter(({ digest }) => digest !== newestDigest)
    },
    writeConfirmed: async (value) => {
      if ((await confirmed())?.digest !== value.digest) await makeRoom(programs)
      await programs[0]?.write(value)
    },
    readTrial: tried,
    writeTrial: (value) => trial.write(value),
    readInventory: async () => (await inventory.read()) ?? emptyNetworkInventory,
    writeInventory: (value) => inventory.write(value),
  }
}

/** The value of a file as long as the file stays the same: a program of 10,000 rules takes a tenth of a second to read. */
function rereadWhenChanged<T>(path: string, read: () => Promise<T>): () => Promise<T> {
  let known: { readonly stamp: string; readonly value: T } | undefined
  return async () => {
    const stamp = await stampOf(path)
    if (known?.stamp !== stamp) known = { stamp, value: await read() }
    return known.value
  }
}

/** Every write is another file, under the same name. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true })
    return `${ino} ${mtimeNs} ${size}`
  } catch {
    return ''
  }
}

async function newest(programs: readonly StateFile<ConfirmedNetwork>[]): Promise<ConfirmedNetwork | undefined> {
  for (const program of programs) {
    const confirmed = await program.read()
    if (confirmed !== undefined) return confirmed
  }
  return undefined
}

/** Each becomes one older, the oldest first, so that a kill in between leaves one of them twice and none missing. */
async function makeRoom(programs: readonly StateFile<ConfirmedNetwork>[]): Promise<void> {
  for (let age = programs.length - 1; age > 0; age--) {
    const younger = await programs[age - 1]?.read()
    if (younger !== undefined) await programs[age]?.write(younger)
  }
}

import { expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import type { FilterProgram } from '../../../src/domain/packet-filter.ts'
import { type ConfirmedNetwork, emptyNetworkInventory } from '../../../src/ports/network-state-port.ts'
import { holdFromStart } from '../../../src/reconcile/network/hold-from-start.ts'
import { newNetworkMemory } from '../../../src/reconcile/network/network-memory.ts'
import type { NetworkPass } from '../../../src/reconcile/network/network-pass.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'
import { recordingLog } from '../../lab/recording-log.ts'

const rejected = new Failure('unknown match', { code: 'FILTER_REJECTED', where: 'x', fix: 'y', retry: 'when-changed' })

async function confirmed(name: string, port: number): Promise<ConfirmedNetwork> {
  const program = await networkOfDocuments(
    `  firewall:\n    input:\n      - { name: ${name}, protocol: tcp, ports: [${port}], action: Drop }\n`,
  )
  if (program === undefined) throw new Error('a firewall makes a program')
  return { program, digest: name, revision: { name, commit: name, author: '', subject: '' } }
}

/** A kernel that takes the programs of some revisions only. */
function pass(older: readonly ConfirmedNetwork[], taken: readonly ConfirmedNetwork[]) {
  const loaded: FilterProgram[] = []
  const filters = taken.map(({ program }) => program?.filter)
  const refuse = (filter: FilterProgram | undefined): void => {
    if (!filters.includes(filter)) throw rejected
  }
  const filter = {
    plane: 'iptables',
    observe: async (wanted: FilterProgram) => {
      refuse(wanted)
      return { kind: 'settled' }
    },
    check: async (wanted: FilterProgram) => refuse(wanted),
    replace: async (wanted: FilterProgram) => {
      loaded.push(wanted)
    },
  }
  const log = recordingLog()
  const ports = {
    filter: () => filter,
    sysctls: { read: async () => undefined, persist: async () => undefined },
    network: {
      readInventory: async () => emptyNetworkInventory,
      writeInventory: async () => undefined,
      readOlder: async () => older,
    },
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    log,
    metrics: { changeApplied: () => undefined },
  }
  const memory = newNetworkMemory()
  const signal = new AbortController().signal
  return { loaded, log, pass: { ports, memory, signal, checkpoint: undefined } as unknown as NetworkPass }
}

test('a program that this kernel refuses is stood in for by the newest older one that it takes', async () => {
  const [newest, refused, taken] = [await confirmed('c', 3), await confirmed('b', 2), await confirmed('a', 1)]
  const one = pass([refused, taken], [taken])
  const outcome = await holdFromStart(newest, one.pass)
  expect(outcome.verdict).toMatchObject({ kind: 'failed', reason: 'FILTER_REJECTED' })
  expect(one.loaded).toEqual([taken.program?.filter])
  expect(one.log.lines.at(-1)).toMatchObject({ level: 'error', fields: { revision: 'a' } })
  // Once a process: from then on somebody may have put things right by hand.
  await holdFromStart(newest, one.pass)
  expect(one.loaded).toHaveLength(1)
})

test('a program that this kernel takes is held, and nothing stands in', async () => {
  const newest = await confirmed('c', 3)
  const one = pass([await confirmed('a', 1)], [newest])
  expect((await holdFromStart(newest, one.pass)).verdict.kind).toBe('settled')
  expect(one.loaded).toEqual([])
})

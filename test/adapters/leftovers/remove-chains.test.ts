import { expect, test } from 'vitest'
import { removeChains } from '../../../src/adapters/leftovers/remove-chains.ts'
import type { ChainRemoval } from '../../../src/adapters/leftovers/table-transaction.ts'
import type { CommandPort, CommandResult } from '../../../src/ports/command-port.ts'

const removal: ChainRemoval = {
  cleanup: 'network-policy',
  kind: 'chains',
  backend: 'legacy',
  family: 'v4',
  table: 'filter',
  chains: ['KUBE-ROUTER-INPUT'],
  rules: [],
  reason: 'x',
  widensAccess: true,
}
const result = (code: number, stdout = '', stderr = ''): CommandResult => ({ code, stdout, stderr, tookMs: 1 })
const full = '*filter\n:INPUT ACCEPT [0:0]\n:KUBE-ROUTER-INPUT - [0:0]\nCOMMIT\n'

/** A table that is written with these exit statuses, one after the other, and is clean after a 0. */
function scripted(codes: readonly number[], shown = full): { readonly port: CommandPort; readonly writes: string[] } {
  const writes: string[] = []
  let clean = false
  const port: CommandPort = {
    find: async (program) => `/sbin/${program}`,
    follow: () => ({ stop: async () => {} }),
    run: async (argv, options) => {
      if (argv[0].endsWith('-save')) return result(0, clean ? '*filter\nCOMMIT\n' : shown)
      const code = codes[writes.length] ?? 0
      writes.push(`${argv.join(' ')}\n${options?.input ?? ''}`)
      clean = code === 0
      return result(code, '', 'Another app is currently holding the xtables lock. Stopped waiting after 5s.')
    },
  }
  return { port, writes }
}

const signal = new AbortController().signal

test('waits for the lock and tries again when it was held', async () => {
  const { port, writes } = scripted([4, 4, 0])
  await removeChains(removal, port, signal)
  expect(writes).toHaveLength(3)
  expect(writes[0]).toBe(
    '/sbin/iptables-legacy-restore --noflush -w 5\n*filter\n:KUBE-ROUTER-INPUT - [0:0]\n-X KUBE-ROUTER-INPUT\nCOMMIT\n',
  )
})

test.each([
  { name: 'the lock is held', codes: [4, 4, 4, 4, 4], code: 'CLEANUP_LOCKED', writes: 5 },
  { name: 'the table changes each time', codes: [1, 1, 1, 1, 1], code: 'CLEANUP_STILL_ACTIVE', writes: 5 },
  { name: 'the program does not take the input', codes: [2], code: 'CLEANUP_FAILED', writes: 1 },
])('gives up when $name', { timeout: 15_000 }, async ({ codes, code, writes }) => {
  const world = scripted(codes)
  await expect(removeChains(removal, world.port, signal)).rejects.toMatchObject({ detail: { code } })
  expect(world.writes).toHaveLength(writes)
})

test('a table that iptables cannot show is not an empty one', async () => {
  const world = scripted([], "# Table `filter' is incompatible, use 'nft' tool.\n")
  await expect(removeChains(removal, world.port, signal)).rejects.toMatchObject({
    detail: { code: 'CLEANUP_UNSUPPORTED' },
  })
  expect(world.writes).toEqual([])
})

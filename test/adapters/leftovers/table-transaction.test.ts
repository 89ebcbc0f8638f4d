import { describe, expect, test } from 'vitest'
import { tableInverse } from '../../../src/adapters/leftovers/inverse-tables.ts'
import { type ChainRemoval, removalTransaction } from '../../../src/adapters/leftovers/table-transaction.ts'
import { parseIptablesSave } from '../../../src/text/iptables-save.ts'

const tableOf = (text: string) => {
  const [table] = parseIptablesSave(text).tables
  if (table === undefined) throw new Error('no table')
  return table
}

const removal: ChainRemoval = {
  cleanup: 'network-policy',
  kind: 'chains',
  backend: 'nft',
  family: 'v4',
  table: 'filter',
  chains: ['KUBE-ROUTER-INPUT', 'KUBE-ROUTER-FORWARD'],
  rules: [['INPUT', '-m', 'comment', '--comment', 'kube-router netpol - X', '-j', 'KUBE-ROUTER-INPUT']],
  reason: 'x',
  widensAccess: true,
}

const jump = '-A INPUT -m comment --comment "kube-router netpol - X" -j KUBE-ROUTER-INPUT'
const table = tableOf(`*filter
:INPUT DROP [0:0]
:KUBE-ROUTER-INPUT - [0:0]
:OTHER - [0:0]
-A INPUT -i lo -j ACCEPT
${jump}
${jump}
-A OTHER -g KUBE-ROUTER-INPUT
-A KUBE-ROUTER-INPUT -s 10.0.0.0/8 -j RETURN
COMMIT
`)

describe('the transaction of a removal', () => {
  test('empties chains that are there, deletes each jump as often as it stands there, and writes no policy', () => {
    expect(removalTransaction(removal, table)).toBe(`*filter
:KUBE-ROUTER-INPUT - [0:0]
-D INPUT -m comment --comment "kube-router netpol - X" -j KUBE-ROUTER-INPUT
-D INPUT -m comment --comment "kube-router netpol - X" -j KUBE-ROUTER-INPUT
-D OTHER -g KUBE-ROUTER-INPUT
-X KUBE-ROUTER-INPUT
COMMIT
`)
  })

  test('is nothing when all of it is gone', () => {
    expect(
      removalTransaction(removal, tableOf('*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n')),
    ).toBeUndefined()
  })
})

test('its inverse makes the chains in one go, then each jump at its place or, where that is gone, at the end', () => {
  const steps = tableInverse(removal, table, { iptables: '/sbin/iptables-nft', restore: '/sbin/iptables-nft-restore' })
  expect(steps[0]).toEqual({
    kind: 'run',
    argv: ['/sbin/iptables-nft-restore', '--noflush', '-w', '5'],
    input: '*filter\n:KUBE-ROUTER-INPUT - [0:0]\n-A KUBE-ROUTER-INPUT -s 10.0.0.0/8 -j RETURN\nCOMMIT\n',
  })
  const words = ['-m', 'comment', '--comment', 'kube-router netpol - X', '-j', 'KUBE-ROUTER-INPUT']
  const at = ['/sbin/iptables-nft', '-w', '5', '-t', 'filter']
  expect(steps.slice(1, 3)).toEqual([
    {
      kind: 'ensure',
      check: [...at, '-C', 'INPUT', ...words],
      argv: [...at, '-I', 'INPUT', '2', ...words],
      mayFail: true,
    },
    { kind: 'ensure', check: [...at, '-C', 'INPUT', ...words], argv: [...at, '-A', 'INPUT', ...words] },
  ])
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { setPayload } from '../../../src/adapters/iptables/address-sets.ts'
import { printChains, programPayload } from '../../../src/adapters/iptables/program-payload.ts'
import { printNftTable } from '../../../src/adapters/nft/nft-text.ts'
import type { FilterProgram } from '../../../src/domain/packet-filter.ts'
import { renderFirewall } from '../../../src/render/firewall/render-firewall.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { anyFirewall } from './arbitrary-firewall.ts'
import { agent, cluster, server } from './documents.ts'

const reason = await whyNoNamespaces([
  'ip',
  'unshare',
  'ipset',
  'nft',
  'iptables-nft-restore',
  'iptables-legacy-restore',
])
const directory = mkdtempSync(join(tmpdir(), 'kernel-takes-'))
afterAll(() => rmSync(directory, { recursive: true }))

const exemption = { name: 'office', from: ['10.42.0.0/16'], to: ['10.9.0.0/24'] }

/** Programs of documents that the schema takes, the same ones in every run. */
const programs = fc
  .sample(anyFirewall, { numRuns: 12, seed: 4 })
  .map(
    (firewall) =>
      renderFirewall(cluster([{ firewall, masqueradeExemptions: [exemption] }]), server, [server, agent]).filter,
  )
  .filter((filter) => filter !== undefined)

/** What a tool says in an empty namespace of its own, which ends with it; empty where it takes the text. */
function refusal(argv: readonly string[], input: string): string {
  const env = { PATH: process.env['PATH'], XTABLES_LOCKFILE: join(directory, 'lock') }
  const { status, stderr } = spawnSync('unshare', ['-n', ...argv], { input, env, encoding: 'utf8' })
  return status === 0 ? '' : `${status} ${stderr}`
}

function loaded(filter: FilterProgram, family: 4 | 6, backend: 'nft' | 'legacy'): string {
  const { sets } = family === 4 ? filter.v4 : filter.v6
  const rules = programPayload(printChains(family === 4 ? filter.v4 : filter.v6, family)).text
  const restore = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore -w 5 --noflush`
  return refusal(['sh', '-e', '-c', `ipset restore <<'S'\n${setPayload(sets)}\nS\n${restore} <<'R'\n${rules}\nR\n`], '')
}

describe.skipIf(reason !== undefined)(
  `the kernel takes what is compiled${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    test('there are programs to ask it about', () => expect(programs.length).toBeGreaterThan(5))

    test.each([
      { family: 4, backend: 'nft' },
      { family: 4, backend: 'legacy' },
      { family: 6, backend: 'nft' },
      { family: 6, backend: 'legacy' },
    ] as const)('IPv$family, iptables $backend', ({ family, backend }) => {
      expect(programs.map((filter) => loaded(filter, family, backend))).toEqual(programs.map(() => ''))
    })

    test('a native table', () => {
      expect(programs.map((filter) => refusal(['nft', '-f', '-'], printNftTable(filter).text))).toEqual(
        programs.map(() => ''),
      )
    })
  },
)

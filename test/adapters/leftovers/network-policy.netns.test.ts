import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runInverse } from '../../../src/adapters/leftovers/run-inverse.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { artefactOf, planOf, recording } from '../../plan/cleanups/sample-leftovers.ts'
import { isPolicyLine, neverAborted, newOldNode, type OldNode, policyRules } from './old-node.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft-save', 'iptables-legacy-save', 'ipset'])
const artefact = artefactOf('network-policy')
const off = ['server', '--disable-network-policy=true']

let node: OldNode
afterEach(async () => await node.down())

describe.skipIf(why !== undefined)(
  `a disabled network policy controller${why === undefined ? '' : ` (${why})`}`,
  () => {
    describe('as a K3s 1.21 left it', () => {
      beforeEach(async () => {
        node = await newOldNode(off)
        await node.run(['ipset', 'restore'], recording('ipset-save-policy-disabled.txt'))
        await node.run(['iptables-nft-restore'], recording('iptables-save-policy-disabled.txt'))
        await node.run(
          ['ip6tables-nft-restore'],
          recording('network-policy-disabled-after-enabled/srv1/ip6tables-save.nft'),
        )
        await node.run(['ping', '-c', '2', '-i', '0.01', '127.0.0.1'])
      })

      test('goes whole, and every other line and counter of both families stays as it is', async () => {
        const before = await node.saved('nft', 'v4', isPolicyLine)
        const before6 = await node.saved('nft', 'v6')
        expect(before.some((line) => /^\[[1-9]\d*:\d+\] -A INPUT -j KUBE-FIREWALL/.test(line))).toBe(true)
        const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
        await node.port.remove(plan, neverAborted)
        expect(await node.saved('nft', 'v4')).toEqual(before)
        expect(await node.saved('nft', 'v6')).toEqual(before6)
        expect(await node.run(['ipset', 'list', '-n'])).toBe('')
        expect(planOf(artefact, await node.port.observe([artefact], neverAborted)).removals).toEqual([])
      })

      test('case 52: comes back with its undo, every rule at its old place', async () => {
        const withoutCounters = async () =>
          (await node.run(['iptables-nft-save'])).replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '')
        const before = await withoutCounters()
        const sets = await node.run(['ipset', 'save'])
        const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
        const undo = await node.port.inverse(plan, neverAborted)
        await node.port.remove(plan, neverAborted)
        expect(await withoutCounters()).not.toBe(before)
        expect(await runInverse(undo, node.commands, neverAborted)).toEqual([])
        expect(sortedRules(await withoutCounters())).toEqual(sortedRules(before))
        expect(await node.run(['ipset', 'save'])).toBe(sets)
        // A second time, and from a state in which all is there.
        expect(await runInverse(undo, node.commands, neverAborted)).toEqual([])
        expect(sortedRules(await withoutCounters())).toEqual(sortedRules(before))
      })

      test('case 46: stays while K3s runs with it: still-active, and nothing is removed', async () => {
        const before = await node.saved('nft', 'v4')
        const leftovers = { ...(await node.port.observe([artefact], neverAborted)), k3sArguments: ['server'] }
        const plan = planOf(artefact, leftovers)
        expect(plan.kept.every(({ reason }) => reason.startsWith('still-active'))).toBe(true)
        await node.port.remove(plan, neverAborted)
        expect(await node.saved('nft', 'v4')).toEqual(before)
      })

      test('looking makes no table of the legacy backend', async () => {
        await node.port.observe([artefact], neverAborted)
        expect(await node.run(['cat', '/proc/net/ip_tables_names'])).toBe('')
      })

      test('its native tables go with it, and come back', async () => {
        await node.run(
          ['nft', '-f', '-'],
          'table inet kube-router-filter-ipv4 {\n chain a { type filter hook input priority 0; tcp dport 99 drop; }\n}\n',
        )
        const before = await node.run(['nft', 'list', 'table', 'inet', 'kube-router-filter-ipv4'])
        const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
        const undo = await node.port.inverse(plan, neverAborted)
        await node.port.remove(plan, neverAborted)
        expect(await node.run(['nft', 'list', 'tables'])).not.toContain('kube-router')
        await runInverse(undo, node.commands, neverAborted)
        expect(await node.run(['nft', 'list', 'table', 'inet', 'kube-router-filter-ipv4'])).toBe(before)
      })
    })

    describe.each(['nft', 'legacy'] as const)('for 100 pods in the backend %s', (backend) => {
      beforeEach(async () => {
        node = await newOldNode(off)
        const { tables, sets } = policyRules(100)
        await node.run(['ipset', 'restore'], sets)
        await node.run([`iptables-${backend}-restore`, '--noflush'], tables)
        await node.run([`iptables-${backend}`, '-N', 'OTHER'])
        await node.run([`iptables-${backend}`, '-A', 'INPUT', '-j', 'OTHER'])
        await node.run(['ping', '-c', '2', '-i', '0.01', '127.0.0.1'])
      })

      test('case 44: all of it goes, with its 400 sets, and other counters stay', async () => {
        const before = (await node.saved(backend, 'v4', isPolicyLine)).map(withoutPolicyCounters(backend))
        expect(before).toContain('[4:336] -A INPUT -j OTHER')
        const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
        expect(plan.removals.map(({ kind }) => kind)).toEqual(['chains', 'sets'])
        await node.port.remove(plan, neverAborted)
        expect((await node.saved(backend, 'v4')).map(withoutPolicyCounters(backend))).toEqual(before)
        expect(await node.run(['ipset', 'list', '-n'])).toBe('')
      })

      test('case 45: every rule survives that somebody writes meanwhile, fifty a second', async () => {
        const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
        const script = `for i in $(seq 1 60); do iptables-${backend} -w 5 -A OTHER -s 10.9.0.$i -j ACCEPT || exit 1; sleep 0.02; done`
        const writer = node.run(['/bin/sh', '-c', script])
        await new Promise((resolve) => setTimeout(resolve, 200))
        const written = (await node.saved(backend, 'v4')).filter((line) => line.includes('-A OTHER')).length
        await node.port.remove(plan, neverAborted)
        const afterwards = (await node.saved(backend, 'v4')).filter((line) => line.includes('-A OTHER')).length
        await writer
        const lines = await node.saved(backend, 'v4')
        // It was under way before, and went on after.
        expect(written).toBeGreaterThan(0)
        expect(afterwards).toBeLessThan(60)
        expect(lines.filter((line) => line.includes('-A OTHER'))).toHaveLength(60)
        expect(lines.filter(isPolicyLine)).toEqual([])
      })

      test('a controller that makes its chains again is told of, and not fought', async () => {
        const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
        const written: string[] = []
        const port = node.portWith({
          ...node.commands,
          run: async (argv, options) => {
            const result = await node.commands.run(argv, options)
            if (!argv[0].endsWith('-restore')) return result
            written.push(argv[0])
            await node.run([`iptables-${backend}`, '-N', 'KUBE-ROUTER-INPUT'])
            return result
          },
        })
        await expect(port.remove(plan, neverAborted)).rejects.toMatchObject({
          detail: { code: 'CLEANUP_STILL_ACTIVE' },
        })
        expect(written).toHaveLength(1)
      })

      test('a jump that goes under its hands aborts the transaction, and the next one knows', async () => {
        const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
        const codes: unknown[] = []
        const port = node.portWith({
          ...node.commands,
          run: async (argv, options) => {
            if (!argv[0].endsWith(`-${backend}-restore`)) return await node.commands.run(argv, options)
            if (codes.length === 0) await node.run([`iptables-${backend}`, '-D', 'INPUT', '1'])
            const result = await node.commands.run(argv, options)
            codes.push(result.code)
            return result
          },
        })
        await port.remove(plan, neverAborted)
        expect(codes).toEqual([1, 0])
        expect((await node.saved(backend, 'v4')).filter(isPolicyLine)).toEqual([])
      })
    })
  },
)

/** Every write of the legacy backend, a single -A as well, sets the counters of built-in policies to zero. */
function withoutPolicyCounters(backend: 'nft' | 'legacy'): (line: string) => string {
  return (line) => (backend === 'legacy' && line.startsWith(':') ? line.replace(/\[.*\]/, '') : line)
}

/** Chains are listed in the order of their making, which is not part of their meaning; rules are. */
function sortedRules(text: string): readonly string[] {
  const chains = text.split('\n').filter((line) => line.startsWith(':'))
  const rules = text.split('\n').filter((line) => line.startsWith('-A'))
  return [...chains.sort(), ...rules.toSorted((a, b) => chainOf(a).localeCompare(chainOf(b)))]
}

function chainOf(line: string): string {
  return line.split(' ')[1] ?? ''
}

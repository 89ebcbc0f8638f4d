import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { labUp, type Namespaces } from './lab.ts'
import { whyNoNamespaces } from './namespace.ts'
import { backends, rules } from './observe.ts'
import { recordedNodes, recordingPath, recordings } from './recording.ts'
import { type ReplayRole, replayTables, replayUp } from './replay.ts'
import { ping } from './traffic.ts'

const why = await whyNoNamespaces(['ip', 'bridge', 'iptables-nft-restore', 'iptables-legacy-restore', 'ipset'])

for (const name of recordings) {
  describe.skipIf(why !== undefined)(`the recording ${name}, replayed (${why ?? 'namespaces'})`, () => {
    let lab: Namespaces<ReplayRole>
    beforeAll(async () => {
      lab = await replayUp(name)
    })
    afterAll(() => lab.down())

    for (const node of recordedNodes) {
      const recorded = (file: string): Promise<string> => readFile(`${recordingPath(name, node)}${file}`, 'utf8')

      test(`${node}: the tables are saved as they were recorded`, async () => {
        const saved = await rules(lab, node)
        expect(withoutCounters(saved.v4)).toBe(withoutCounters(await recorded('iptables-save.nft')))
        expect(withoutCounters(saved.v6)).toBe(withoutCounters(await recorded('ip6tables-save.nft')))
      })

      test(`${node}: the sets are saved as they were recorded`, async () => {
        expect(await lab.x(node, ['ipset', 'save'])).toBe(await recorded('ipset.save'))
      })

      test(`${node}: routes and routing rules are printed as they were recorded`, async () => {
        const print = async (...argv: string[]): Promise<unknown> =>
          JSON.parse(await lab.x(node, ['ip', '-j', ...argv]))
        expect(await print('-d', 'route', 'show', 'table', 'all')).toEqual(JSON.parse(await recorded('ip-route.json')))
        expect(await print('-d', '-6', 'route', 'show', 'table', 'all')).toEqual(
          JSON.parse(await recorded('ip-6-route.json')),
        )
        expect(await print('rule')).toEqual(JSON.parse(await recorded('ip-rule.json')))
      })
    }

    test('the nodes reach each other, over flannel.1 as well where its route is there', async () => {
      expect(await ping(lab, 'srv1', '172.30.0.3')).toBe(true)
      expect(await ping(lab, 'srv1', '172.30.0.1')).toBe(true)
      expect(await ping(lab, 'srv1', '10.42.1.0')).toBe(true)
    })
  })
}

describe.skipIf(why !== undefined)(`the recording vxlan in the legacy backend (${why ?? 'namespaces'})`, () => {
  test('holds the same rules in each chain', async () => {
    await using lab = await replayUp('vxlan', 'legacy')
    const [legacy, nft] = await Promise.all(backends.toReversed().map((backend) => rules(lab, 'srv1', backend)))
    const recorded = await readFile(`${recordingPath('vxlan', 'srv1')}iptables-save.nft`, 'utf8')
    const sorted = (text: string): readonly string[] =>
      text
        .split('\n')
        .filter((line) => line.startsWith('-A'))
        .toSorted()
    expect(sorted(legacy?.v4 ?? '')).toEqual(sorted(recorded))
    expect(nft?.v4).toBe('')
  })
})

describe.skipIf(why !== undefined)(`leftovers of a recording on a node of the lab (${why ?? 'namespaces'})`, () => {
  for (const backend of backends) {
    test(`${backend}: chains and sets of the policy controller are there, in both families`, async () => {
      await using lab = await labUp({ only: ['n1'] })
      await replayTables(lab, 'n1', { name: 'network-policy-disabled-after-enabled', node: 'agt1', backend })
      const { v4, v6 } = await rules(lab, 'n1', backend)
      expect(v4).toContain('-j KUBE-ROUTER-FORWARD')
      expect(v6).toContain('-j KUBE-FIREWALL')
      expect(await lab.x('n1', ['ipset', 'list', '-n'])).toContain('KUBE-SRC-WTMWGDBTH27LNUZX')
    })
  }
})

/** Counters count whatever passes, and remarks hold the time. */
function withoutCounters(saved: string): string {
  return saved
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
    .join('\n')
}

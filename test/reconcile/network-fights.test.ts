import { describe, expect, test } from 'vitest'
import { writerName } from '../../src/reconcile/foreign-writer.ts'
import { NetworkFights, type NetworkRepair } from '../../src/reconcile/network-fights.ts'

const jump: NetworkRepair = {
  artefact: 'jump v4 filter FORWARD',
  isProtected: false,
  writer: 'kube-router',
  tookMs: 10,
}
const deny: NetworkRepair = { artefact: 'chain v4 mangle INPUT', isProtected: true, writer: 'ufw', tookMs: 10 }

/** Repairs as soon as allowed, with the other writer undoing each after `undoneAfterMs`. @returns the waits */
function fight(
  fights: NetworkFights,
  repair: NetworkRepair,
  rounds: number,
  startMs = 0,
  undoneAfterMs = 5,
): readonly number[] {
  const waits: number[] = []
  let nowMs = startMs
  for (let round = 0; round < rounds; round += 1) {
    const waitMs = fights.waitFor(repair.artefact, nowMs)
    waits.push(waitMs)
    fights.repaired(repair, nowMs + waitMs)
    nowMs += waitMs + undoneAfterMs
  }
  return waits
}

describe('a fight', () => {
  test('the first repair comes at once, further ones wait longer, and then half a minute', () => {
    expect(fight(new NetworkFights(), jump, 9, 0, 0)).toEqual([0, 50, 100, 200, 400, 800, 1_000, 30_000, 30_000])
  })

  test('is contested from the seventh repair on, and tells the other writer', () => {
    const fights = new NetworkFights()
    fight(fights, jump, 6)
    expect(fights.contested(3_000)).toEqual([])
    fight(fights, jump, 1, 3_000)
    expect(fights.contested(4_000)).toEqual([{ artefact: jump.artefact, writer: 'kube-router', isProtected: false }])
  })

  test('over what denies is never given up: repairs go on within a second for ever, and it is contested all the same', () => {
    const fights = new NetworkFights()
    const waits = fight(fights, deny, 1_000)
    expect(Math.max(...waits)).toBeLessThanOrEqual(50)
    expect(fights.contested(60_000)).toEqual([{ artefact: deny.artefact, writer: 'ufw', isProtected: true }])
  })

  test.each([
    [10, 45],
    [100, 395],
    [5_000, 995],
  ])('over a deny whose repair takes %d ms leaves the processor time for others', (tookMs, waitMs) => {
    expect(fight(new NetworkFights(), { ...deny, tookMs }, 3).at(-1)).toBe(waitMs)
  })

  test('is over when the other writer was quiet for ten seconds', () => {
    const fights = new NetworkFights()
    fight(fights, jump, 5, 0, 0)
    expect(fights.waitFor(jump.artefact, 751)).toBeGreaterThan(0)
    fights.repaired(jump, 20_000)
    expect(fights.waitFor(jump.artefact, 20_000)).toBe(50)
    expect(fights.contested(20_000)).toEqual([])
  })

  test('about one thing holds up nothing else', () => {
    const fights = new NetworkFights()
    fight(fights, jump, 8)
    expect(fights.waitFor('route 10.0.0.0/8', 2_000)).toBe(0)
  })
})

describe('the other writer', () => {
  test.each<readonly [string | undefined, readonly string[], string]>([
    ['iptables-nft-re (4211)', ['-A FORWARD -j KUBE-ROUTER-FORWARD'], 'kube-router, through iptables-nft-re'],
    ['iptables (1)', ['-A INPUT -j KUBE-FIREWALL'], 'kube-proxy or kubelet, through iptables'],
    [undefined, ['-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD'], 'Calico'],
    [undefined, ['-A INPUT -j CILIUM_INPUT'], 'Cilium'],
    [undefined, ['-A FORWARD -j DOCKER-USER'], 'Docker'],
    [undefined, ['-A INPUT -j ufw-before-input'], 'ufw'],
    ['firewalld (812)', ['-A INPUT -j KUBE-FIREWALL'], 'firewalld'],
    ['nft (99)', [], 'nft'],
    [undefined, ['-A INPUT -j ACCEPT'], 'unknown'],
    [' (77)', [], 'unknown'],
  ])('%j with %j is %s', (by, found, expected) => {
    expect(writerName(by, found)).toBe(expected)
  })
})

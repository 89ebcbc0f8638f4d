import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCleanupRecords } from '../../src/adapters/disk/cleanup-records.ts'
import { type CleanupWorld, cleanUp } from '../../src/cli/cleanup.ts'
import { isPolicyLine, newOldNode, type OldNode } from '../adapters/leftovers/old-node.ts'
import { whyNoNamespaces } from '../netns/namespace.ts'
import { recording } from '../plan/cleanups/sample-leftovers.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft-save', 'ipset'])
const off = ['server', '--disable-network-policy=true']

describe.skipIf(why !== undefined)(`fairlead cleanup${why === undefined ? '' : ` (${why})`}`, () => {
  let node: OldNode
  let clockMs = 0

  beforeEach(async () => {
    node = await newOldNode(off)
    clockMs = 0
    await node.run(['ipset', 'restore'], recording('ipset-save-policy-disabled.txt'))
    await node.run(['iptables-nft-restore'], recording('iptables-save-policy-disabled.txt'))
  })
  afterEach(async () => await node.down())

  /** Time passes only in `sleep`, and `meanwhile` happens then. */
  async function run(
    options: Record<string, string | boolean>,
    given: {
      readonly k3s?: readonly string[]
      readonly meanwhile?: () => Promise<unknown>
      readonly gather?: CleanupWorld['gather']
    } = {},
  ) {
    const terminal = fakeTerminal()
    const world: CleanupWorld = {
      commands: node.commands,
      root: node.root,
      proc: join(node.root, 'proc'),
      stateDirectory: join(node.root, 'state'),
      nowMs: () => Date.UTC(2026, 0, 2) + clockMs,
      monotonicMs: () => clockMs,
      sleep: async (ms) => {
        clockMs += ms
        await given.meanwhile?.()
      },
      artefacts: [],
      gather:
        given.gather ??
        (async () => ({
          k3sArguments: given.k3s ?? off,
          evidence: {},
          clusterCIDRs: ['10.42.0.0/16'],
          apiService: undefined,
        })),
    }
    const code = await cleanUp(callOf(terminal, { options: { component: 'network-policy', ...options } }), world)
    return { code, out: terminal.out.text, err: terminal.err.text }
  }
  const leftLines = async () => (await node.saved('nft', 'v4')).filter(isPolicyLine).length

  test('case 47: --dry-run says what and why, and removes nothing', async () => {
    const before = await leftLines()
    expect(await run({ 'dry-run': true })).toEqual({
      code: 0,
      err: '',
      out: `network-policy  --component says otherwise
  - 4 chains (KUBE-NWPLCY-DCTI6PKUD35IYWK2, KUBE-ROUTER-FORWARD, …) and 3 rules in chains of others, table filter (nft, v4)
  - 2 ipsets (KUBE-DST-WTMWGDBTH27LNUZX, KUBE-SRC-WTMWGDBTH27LNUZX)
  ! traffic that it blocks may flow afterwards
`,
    })
    expect(await leftLines()).toBe(before)
  })

  test('case 47: nobody to answer and no --yes is a no', async () => {
    const before = await leftLines()
    expect(await run({})).toMatchObject({ code: 64 })
    expect(await leftLines()).toBe(before)
  })

  test('case 52: --yes removes, keeps an undo that only root reads, and --undo brings it back', async () => {
    const before = await leftLines()
    const done = await run({ yes: true, output: 'json' })
    expect(done.code).toBe(0)
    expect(JSON.parse(done.out)).toMatchObject({
      kind: 'CleanupReport',
      undo: '2026-01-02T00-00-00Z-network-policy',
      removals: [{ kind: 'chains', widensAccess: true, hasUndo: true }, { kind: 'sets' }],
    })
    expect(await leftLines()).toBe(0)
    const records = openCleanupRecords(join(node.root, 'state'))
    const [name = ''] = records.names()
    expect(statSync(join(node.root, 'state/cleanups', name, 'undo.json')).mode & 0o777).toBe(0o600)
    expect(await records.isTakenBack(name)).toBe(false)
    expect(await run({ undo: true })).toMatchObject({ code: 0, err: `taken back: ${name}\n` })
    expect(await records.isTakenBack(name)).toBe(true)
    expect(await leftLines()).toBe(before)
    expect(await run({ undo: 'no-such-cleanup' })).toMatchObject({ code: 1 })
  })

  test('case 46: is refused while the controller runs', async () => {
    const refused = await run({ yes: true }, { k3s: ['server'] })
    expect(refused.code).toBe(3)
    expect(refused.out).toContain('still-active: the K3s that runs here was started without --disable-network-policy')
    expect(await leftLines()).toBeGreaterThan(0)
  })

  test('is refused when somebody writes one of the chains while it watches', async () => {
    let count = 0
    const meanwhile = async () => {
      count += 1
      await node.run(['iptables-nft', '-A', 'KUBE-ROUTER-INPUT', '-s', `10.9.9.${count}`, '-j', 'RETURN'])
    }
    expect(await run({ yes: true }, { meanwhile })).toMatchObject({ code: 3, out: expect.stringContaining('watched:') })
    expect(await leftLines()).toBeGreaterThan(0)
  })

  test('tells when what it removed is there again, and does not go on', async () => {
    let sleeps = 0
    const meanwhile = async () => {
      sleeps += 1
      if (sleeps === 2) await node.run(['iptables-nft', '-N', 'KUBE-ROUTER-INPUT'])
    }
    const back = await run({ yes: true }, { meanwhile })
    expect(back).toMatchObject({ code: 1, err: expect.stringContaining('still-active: 1 chain (KUBE-ROUTER-INPUT)') })
    expect(sleeps).toBe(2)
  })

  test('puts the rules of kube-proxy back when Services no longer answer without them', async () => {
    node.write('proc/7/comm', 'cilium-agent\n')
    const services = async () => (await node.saved('nft', 'v4')).filter((line) => line.includes('KUBE-SERVICES')).length
    const before = await services()
    const seen: number[] = []
    const gather = async () => {
      seen.push(await services())
      return {
        k3sArguments: ['server', '--disable-kube-proxy=true'],
        evidence: { servicesAnswer: seen.length === 1 },
        clusterCIDRs: [],
        apiService: undefined,
      }
    }
    const options = { component: 'kube-proxy', yes: true }
    expect(await run(options, { gather })).toMatchObject({ code: 1, err: expect.stringContaining('they are put back') })
    expect(seen).toEqual([before, 0])
    expect(await services()).toBe(before)
  })
})

import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import { newTestAgent, type TestAgent } from '../../lab/agent-in-namespace.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'
import { seededChance } from '../../lab/seeded-chance.ts'
import { foreignRules } from '../../netns/foreign-lines.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { rules } from '../../netns/observe.ts'
import { jumpInserter, kubeProxyLike, kubeRouterLike, type Writer } from '../../netns/racing-writers.ts'
import { udpStream } from '../../netns/traffic.ts'
import { canonical } from './kernel-picture.ts'
import { type KillNode, management, newKillNode, type Variant } from './kill-node.ts'
import { expectSame } from './kill-trial.ts'

/** 10 in CI; `FAIRLEAD_RACE_SECONDS=60` is the long form. `FAIRLEAD_SEED` replays what is undone when. */
const seconds = Number(process.env['FAIRLEAD_RACE_SECONDS'] ?? 10)
const seed = Number(process.env['FAIRLEAD_SEED'] ?? Date.now() % 1_000_000)
const reason = await whyNoNamespaces(['ip', 'iptables-nft', 'iptables-legacy', 'nft', 'ipset', 'unshare'])

const deniedPort = 9999
const packetsPerSecond = 500
/** The bar of 150 ms, five times: this machine does other things as well. Legacy tables tell nobody and are polled. */
const barMs = { nft: 750, legacy: 2_750 } as const

const variants: readonly Variant[] = [
  { plane: 'iptables', backend: 'nft' },
  { plane: 'nft', backend: 'nft' },
  { plane: 'iptables', backend: 'legacy' },
]

let node: KillNode | undefined
let agent: TestAgent | undefined
const writers: Writer[] = []
afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.stop()))
  await agent?.close()
  await node?.down()
  node = agent = undefined
})

describe.skipIf(reason !== undefined)(`racing writers${reason === undefined ? '' : ` (${reason})`}`, () => {
  test.for(variants)(
    `for ${seconds} s K3s and another tool rewrite their rules while somebody undoes ours: $plane, $backend (seed ${seed})`,
    { timeout: 120_000 + seconds * 3_000 },
    async (variant) => {
      const { raced, started } = await startAll(variant)
      const own = await ownPicture(raced, variant)
      const chance = seededChance(seed)
      const stream = await udpStream(raced.client, {
        from: 'cl',
        to: 'n',
        address: management.address,
        port: deniedPort,
        packetsPerSecond,
      })
      const passesBefore = writingPasses(started)
      const repairs: number[] = []
      const until = performance.now() + seconds * 1_000
      while (performance.now() < until) {
        // Further apart than the longest pause between two repairs: that is another promise.
        await sleep(1_100 + 900 * chance())
        repairs.push(await undoAndMeasure(raced, variant, own, chance))
      }
      const { sent, received } = await stream.stop()
      const writes = writingPasses(started) - passesBefore
      await endWriters(raced, variant)

      const [worst, leakMs] = [Math.max(...repairs), (received * 1_000) / packetsPerSecond]
      const told = repairs.map((ms) => Math.round(ms)).join(', ')
      const leak = `${received} of ${sent} packets (${((received / sent) * 100).toFixed(1)} %) of a denied stream came in`
      process.stdout.write(`${variant.plane} ${variant.backend}: back after ${told} ms; ${leak}; ${writes} writes\n`)
      expect(sent).toBeGreaterThan(seconds * packetsPerSecond * 0.5)
      expect(worst).toBeLessThan(barMs[variant.plane === 'nft' ? 'nft' : variant.backend])
      // What got through got through while a rule was away, and at no other time.
      expect(leakMs).toBeLessThan(repairs.reduce((sum, ms) => sum + ms + 150, 0))
      expect(writes).toBeLessThanOrEqual(repairs.length * 4 + seconds)
      expectSame('what is ours', await ownPicture(raced, variant), own)
    },
  )
})

let foreignBefore = ''

/** A node with K3s, the agent with its program in force, and everybody else writing. */
async function startAll(variant: Variant): Promise<{ readonly raced: KillNode; readonly started: TestAgent }> {
  const raced = await newKillNode(variant)
  node = raced
  const started = newTestAgent(raced.client.nameOf('n'), { root: raced.root, wrap: raced.wrap })
  agent = started
  await started.adopt()
  started.write(await program(variant))
  started.start()
  await started.statusUntil(
    ({ conditions }) => conditions.some(({ type, reason: why }) => type === 'KernelReady' && why === 'Applied'),
    45_000,
  )
  const { backend } = variant
  const tables = { node: 1, networkPolicy: true } as const
  writers.push(await jumpInserter(raced.lab(), 'n', { backend }))
  foreignBefore = await foreign(raced, variant)
  writers.push(
    await kubeProxyLike(raced.lab(), 'n', { backend, everyMs: 100, tables }),
    await kubeRouterLike(raced.lab(), 'n', { backend }),
  )
  return { raced, started }
}

async function program({ plane, backend }: Variant): Promise<NetworkProgram | undefined> {
  return await networkOfDocuments(
    `  firewall:
    plane: ${plane}
    backend: ${backend}
    input:
      - { name: no-stream, protocol: udp, ports: [${deniedPort}], action: Drop }
      - { name: no-web, protocol: tcp, ports: [8081], action: Reject }
`,
    '  rollout: { confirmTimeout: 10s }\n',
  )
}

/** One of ours goes away. @returns milliseconds until all is as it was */
async function undoAndMeasure(raced: KillNode, variant: Variant, own: string, chance: () => number): Promise<number> {
  const commands = variant.plane === 'nft' ? nftUndoing(own) : iptablesUndoing(own, variant)
  const argv = commands[Math.floor(chance() * commands.length)] ?? []
  await raced.lab().x('n', argv)
  const undoneAt = performance.now()
  while ((await ownPicture(raced, variant)) !== own) {
    if (performance.now() - undoneAt > 10_000) throw new Error(`not back after 10 s: ${argv.join(' ')}`)
  }
  return performance.now() - undoneAt
}

function nftUndoing(own: string): readonly (readonly string[])[] {
  const chains = [...own.matchAll(/^\tchain (\S+) \{$/gm)].map(([, name = '']) => name)
  return [
    ['nft', 'delete', 'table', 'inet', 'fairlead'],
    ...chains.map((name) => ['nft', 'flush', 'chain', 'inet', 'fairlead', name]),
  ]
}

/** Every chain of ours with rules may be flushed, and every jump to one deleted. */
function iptablesUndoing(own: string, { backend }: Variant): readonly (readonly string[])[] {
  const commands: string[][] = []
  let table = ''
  for (const line of own.split('\n--\n')[0]?.split('\n') ?? []) {
    if (line.startsWith('*')) table = line.slice(1)
    const [, chain = '', rule = ''] = /^-A (\S+) (.*)$/.exec(line) ?? []
    const program = [`iptables-${backend}`, '-w', '5', '-t', table]
    if (chain.startsWith('FAIRLEAD-')) commands.push([...program, '-F', chain])
    else if (chain !== '') commands.push([...program, '-D', chain, ...rule.replaceAll('"', '').split(' ')])
  }
  return commands
}

/** Lines of ours, table by table, of both families; or our table. */
async function ownPicture(raced: KillNode, { plane, backend }: Variant): Promise<string> {
  if (plane === 'nft') {
    const listed = await raced.lab().commands('n').run(['nft', '-s', 'list', 'table', 'inet', 'fairlead'])
    return listed.stdout
  }
  const { v4, v6 } = await rules(raced.lab(), 'n', backend)
  return [v4, v6].map(ownLines).join('\n--\n')
}

function ownLines(saved: string): string {
  const theirs = new Set(foreignRules(saved).split('\n'))
  const lines = canonical(saved).split('\n')
  return lines.filter((line) => line.startsWith('*') || !theirs.has(line)).join('\n')
}

async function foreign(raced: KillNode, { backend }: Variant): Promise<string> {
  const { v4, v6 } = await rules(raced.lab(), 'n', backend)
  return [v4, v6].map((saved) => canonical(foreignRules(saved))).join('\n--\n')
}

/** Everybody but the other tool stops, so that it puts its jump where it wants it once more; then nothing may differ. */
async function endWriters(raced: KillNode, variant: Variant): Promise<void> {
  const [inserter, ...others] = writers.splice(0)
  await Promise.all(others.map((writer) => writer.stop()))
  await inserter?.moreRounds(2)
  await inserter?.stop()
  expectSame('what is theirs', await foreign(raced, variant), foreignBefore)
}

/** Passes of the agent that wrote something. */
function writingPasses(started: TestAgent): number {
  return started
    .log()
    .split('\n')
    .filter((line) => /"changes":[1-9]\d*,.*"msg":"pass ended"/.test(line)).length
}

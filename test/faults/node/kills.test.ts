import { describe, expect, test } from 'vitest'
import { newTestAgent } from '../../lab/agent-in-namespace.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { Mirror } from './kernel-picture.ts'
import { newKillNode, type Variant } from './kill-node.ts'
import { type KillPlan, planKill } from './kill-plan.ts'
import { confirmTimeoutMs, killProgram } from './kill-programs.ts'
import { type KillLane, type KillReport, runKillTrial } from './kill-trial.ts'
import { watchManagement } from './management-watch.ts'

/** 50 in CI; `FAIRLEAD_KILLS=500` is the long form. `FAIRLEAD_SEED=7` with `FAIRLEAD_TRIAL=36,40` replays some of a run. */
const kills = Number(process.env['FAIRLEAD_KILLS'] ?? 50)
const seed = Number(process.env['FAIRLEAD_SEED'] ?? Date.now() % 1_000_000)
const only = process.env['FAIRLEAD_TRIAL']
const reason = await whyNoNamespaces(['ip', 'iptables-nft', 'iptables-legacy', 'nft', 'ipset', 'unshare', 'ping'])

const variants: readonly Variant[] = [
  { plane: 'iptables', backend: 'nft' },
  { plane: 'nft', backend: 'nft' },
  { plane: 'iptables', backend: 'nft' },
  { plane: 'iptables', backend: 'legacy' },
]

async function newLane(variant: Variant, number: number): Promise<KillLane> {
  const node = await newKillNode(variant)
  const agent = newTestAgent(node.client.nameOf('n'), { root: node.root, wrap: node.wrap })
  try {
    await agent.adopt()
    const inForce = await killProgram('deny', 40_000 + number, variant)
    const mirror = new Mirror(node)
    await mirror.pictureOf(inForce)
    agent.write(inForce)
    agent.start()
    await agent.statusUntil(
      ({ conditions }) => conditions.some(({ type, reason: why }) => type === 'KernelReady' && why === 'Applied'),
      30_000,
    )
    return { node, agent, mirror, watch: watchManagement(node.client), inForce }
  } catch (error) {
    await agent.close()
    await node.down()
    throw error
  }
}

async function endLane({ node, agent, watch }: KillLane): Promise<void> {
  await agent.close()
  await watch.stop()
  await node.down()
}

/** Trials of one node, one after the other. After one that failed the node is made anew. */
async function runLane(variant: Variant, number: number, plans: readonly KillPlan[]): Promise<readonly Told[]> {
  const told: Told[] = []
  let lane: KillLane | undefined
  for (const plan of plans) {
    lane ??= await newLane(variant, number)
    try {
      told.push({ report: await runKillTrial(lane, plan) })
    } catch (error) {
      const asked = `FAIRLEAD_SEED=${seed} FAIRLEAD_TRIAL=${plan.trial} ${JSON.stringify({ ...plan, ...variant })}`
      const message = error instanceof Error ? error.message : String(error)
      told.push({ failure: `${asked}\n${message}\n${lane.agent.log().split('\n').slice(-12).join('\n')}` })
      await endLane(lane)
      lane = undefined
    }
  }
  if (lane !== undefined) await endLane(lane)
  return told
}

type Told = { readonly report: KillReport } | { readonly failure: string }

describe.skipIf(reason !== undefined)(`kills of an agent${reason === undefined ? '' : ` (${reason})`}`, () => {
  test(
    `${kills} times kill -9 around a risky change: management answers in time, and the kernel holds the old or the new program (seed ${seed})`,
    async () => {
      const trials =
        only === undefined ? Array.from({ length: kills }, (_, index) => index) : only.split(',').map(Number)
      const lanes = variants.map((variant, number) => {
        const plans = trials.filter((trial) => trial % variants.length === number).map((trial) => planKill(seed, trial))
        return runLane(variant, number, plans)
      })
      const told = (await Promise.all(lanes)).flat()
      const reports = told.flatMap((one) => ('report' in one ? [one.report] : []))
      process.stdout.write(`${summary(reports)}\n`)
      expect(told.flatMap((one) => ('failure' in one ? [one.failure] : []))).toEqual([])
      // A run that never hit a change under way, or never kept one, would prove nothing.
      if (reports.length >= 50) {
        const phases = new Set(reports.map(({ phaseAtKill }) => phaseAtKill))
        for (const phase of ['applying', 'probing']) expect(phases).toContain(phase)
        expect(new Set(reports.map(({ ended }) => ended))).toEqual(new Set(['old', 'new']))
      }
    },
    120_000 + kills * 12_000,
  )
})

function summary(reports: readonly KillReport[]): string {
  const count = (words: readonly string[]): string =>
    [...new Set(words)]
      .toSorted()
      .map((word) => `${word} ${words.filter((one) => one === word).length}`)
      .join(', ')
  const worst = (values: readonly number[]): string => `${Math.round(Math.max(0, ...values))} ms`
  const cut = reports.filter(({ plan, phaseAtKill }) => plan.kind.startsWith('cut') && phaseAtKill === 'probing')
  const byPipe = cut.filter(({ plan }) => plan.everything === 'no' && !plan.reboots)
  return [
    `${reports.length} kills, seed ${seed}: ${count(reports.map(({ phaseAtKill }) => phaseAtKill))}`,
    `ended ${count(reports.map(({ ended }) => ended))}; ${count(reports.map(({ plan }) => plan.kind))}`,
    `all ${reports.filter(({ plan }) => plan.everything !== 'no').length}, reboots ${reports.filter(({ plan }) => plan.reboots).length}`,
    `answered after the kill within ${worst(reports.map(({ answeredMs }) => answeredMs))}, limit ${confirmTimeoutMs} ms`,
    `cut off at the kill ${cut.length}, watchdog alive ${byPipe.length}: within ${worst(byPipe.map(({ answeredMs }) => answeredMs))}`,
    `longest silence ${worst(reports.map(({ longestSilenceMs }) => longestSilenceMs))}`,
    `trials took ${worst(reports.map(({ tookMs }) => tookMs))} at most`,
  ].join('\n')
}

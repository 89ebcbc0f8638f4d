/**
 * A process that stands for election and, while it leads, writes down when it knew that it did.
 * `node candidate.ts <kubeconfig> <name> <log file> [lease ms]`
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/adapters/clock/system-clock.ts'
import { openKubeObjects } from '../../../src/adapters/kube/kube-objects.ts'
import { leaderLease } from '../../../src/adapters/kube/leader-lease.ts'
import { electionLine } from './election-log.ts'

const [kubeconfig = '', name = '', log = '', leaseMs] = process.argv.slice(2)
const signal = new AbortController().signal
const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal)
const timing = leaseMs === undefined ? {} : shorter(Number(leaseMs))
const lease = leaderLease(objects, systemClock(), {
  namespace: 'kube-system',
  name: 'election',
  identity: name,
  ...timing,
})
let turn = 0
await lease.campaign(async (term) => {
  turn += 1
  while (!term.signal.aborted) {
    // Taken before the question: where this process stops in between, it says nothing of the time after.
    const at = process.hrtime.bigint()
    if (term.isHeld()) appendFileSync(log, electionLine({ name, turn, at }))
    await sleep(5)
  }
}, signal)

/** In the same proportions as the real one. */
function shorter(leaseMs: number): {
  readonly leaseMs: number
  readonly renewWithinMs: number
  readonly retryMs: number
} {
  return { leaseMs, renewWithinMs: leaseMs * 0.7, retryMs: leaseMs * 0.2 }
}

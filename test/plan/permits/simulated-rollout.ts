import type { NodeRole } from '../../../src/domain/facts.ts'
import type { NodeProgramStatus } from '../../../src/domain/published-program.ts'
import { decidePermits, type PermitDecision } from '../../../src/plan/permits/decide-permits.ts'
import { unusedPermitMs } from '../../../src/plan/permits/ended-permits.ts'
import { failureGroups } from '../../../src/plan/permits/failure-groups.ts'
import type { NodeStanding } from '../../../src/plan/permits/node-standing.ts'

export interface SimulatedNode {
  readonly role: NodeRole
  readonly pools: readonly string[]
  /** What becomes of its trial. */
  readonly fate: 'succeeds' | 'fails' | 'goes silent'
  /** Its kernel fails, until a newer program is in force. */
  readonly isBroken: boolean
}

/**
 * One thing that happens. A number picks a node whose agent acts. `unheard`: it acts, and nobody hears of it yet. `cut` and
 * `heal`: it goes on without the API, and has it again. `back` publishes what was before the newest revision again, `tick` is a minute, `wait` as long as a permit may stay unused.
 */
export type Step =
  | number
  | { readonly kind: 'unheard' | 'cut' | 'heal' | 'exclude'; readonly at: number }
  | 'decide'
  | 'publish'
  | 'back'
  | 'tick'
  | 'wait'

interface Published {
  readonly program: string
  readonly revision: string
  readonly sequence: number
  readonly permit?: string
}

interface Machine extends Omit<SimulatedNode, 'isBroken'> {
  readonly name: string
  published: Published
  /** Since when it is what it is, but for the sequence. */
  sinceMs: number
  /** What its agent read last; what it does without the API, it does with this. */
  seen: Published | undefined
  /** What the node truly holds. */
  inForce: string
  /** Began and neither confirmed nor taken back: this is what must never be too many. */
  trial?: { readonly program: string; looksLeft: number }
  takenBack?: string
  isBroken: boolean
  isDead: boolean
  isCut: boolean
  /** The cluster knows that it is gone. */
  isSilent: boolean
  isExcluded: boolean
  status?: NodeProgramStatus
}

/**
 * Nodes whose agents look when a step says so, and only then: between two looks what they say of themselves is old, as it
 * is over a network. What the controller wrote itself, it knows.
 */
export class SimulatedRollout {
  readonly machines: readonly Machine[]
  readonly #limit: number
  #revision = 1
  #nowMs = 0
  /** Broken promises, in words. */
  readonly violations: string[] = []

  constructor(nodes: readonly SimulatedNode[], limit: number) {
    this.#limit = limit
    this.machines = nodes.map((node, at) => ({
      ...node,
      name: `n${at}`,
      published: { program: `p1-${at}`, revision: 'r1', sequence: 1 },
      sinceMs: 0,
      seen: undefined,
      inForce: 'none',
      isDead: false,
      isCut: false,
      isSilent: false,
      isExcluded: false,
    }))
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step === 'decide') this.#decide()
      else if (step === 'publish') this.#publish(this.#revision + 1)
      else if (step === 'back') this.#publish(Math.max(1, this.#revision - 1))
      else if (step === 'tick') this.#pass(60_000)
      else if (step === 'wait') this.#pass(unusedPermitMs)
      else if (typeof step === 'number') this.#look(this.#at(step), true)
      else this.#happens(step.kind, this.#at(step.at))
      this.#watch()
    }
  }

  /** Everybody who is alive has the API, and takes a turn, until nothing happens any more. */
  settle(): void {
    for (const machine of this.machines) this.#happens('heal', machine)
    const round = this.machines.flatMap((_, at): Step[] => [at, 'decide'])
    for (let rounds = 0; rounds < 6 * this.machines.length + 6; rounds += 1) this.run([...round, 'tick'])
  }

  get isDone(): boolean {
    return this.machines.every(({ inForce, published }) => inForce === published.program)
  }

  decision(): PermitDecision {
    return decidePermits(
      this.machines.map((machine) => standingOf(machine, this.#nowMs)),
      { maxUnavailable: this.#limit },
    )
  }

  #at(at: number): Machine {
    const machine = this.machines[at % this.machines.length]
    if (machine === undefined) throw new Error('there is no machine')
    return machine
  }

  #pass(ms: number): void {
    this.#nowMs += ms
    for (const machine of this.machines) machine.isSilent = machine.isDead || machine.isCut
  }

  #happens(kind: (Step & object)['kind'], machine: Machine): void {
    if (kind === 'unheard') this.#look(machine, false)
    else if (kind === 'exclude') machine.isExcluded = true
    else machine.isCut = kind === 'cut'
  }

  #publish(revision: number): void {
    if (revision === this.#revision) return
    this.#revision = revision
    for (const [at, machine] of this.machines.entries()) {
      this.#write(machine, { ...machine.published, program: `p${revision}-${at}`, revision: `r${revision}` })
    }
  }

  #write(machine: Machine, published: Omit<Published, 'sequence'>): void {
    machine.published = { ...published, sequence: machine.published.sequence + 1 }
    machine.sinceMs = this.#nowMs
  }

  #decide(): void {
    const { grant, revoke } = this.decision()
    if (grant.length > 0) this.#checkGrants(grant.map(({ node }) => node))
    for (const { node, program } of grant) {
      const machine = this.#named(node)
      this.#write(machine, { ...machine.published, permit: program })
    }
    for (const { node } of revoke) {
      const machine = this.#named(node)
      const { permit: _permit, ...rest } = machine.published
      this.#write(machine, rest)
    }
  }

  #named(name: string): Machine {
    const machine = this.machines.find((one) => one.name === name)
    if (machine === undefined) throw new Error(`${name} is nobody`)
    return machine
  }

  #checkGrants(names: readonly string[]): void {
    for (const { name, published, isExcluded } of this.machines.filter((one) => names.includes(one.name))) {
      if (isExcluded) this.violations.push(`${name} was granted, and is excluded`)
      const { revision } = published
      const peers = this.machines.filter(
        (one) => one.published.revision === revision && one.published.permit === one.published.program,
      )
      const failed = peers.find(({ status, ...one }) => status?.reason === 'RolledBack' && !one.isExcluded)
      if (failed !== undefined) this.violations.push(`${name} was granted ${revision} after ${failed.name} failed`)
      const isProven = peers.some(({ inForce, published: { program } }) => inForce === program)
      const ahead = peers.filter((one) => !one.isExcluded)
      if (!isProven && (names.length > 1 || ahead.length > 0)) this.violations.push(`${name} was not alone`)
    }
  }

  #look(machine: Machine, isHeard: boolean): void {
    if (machine.isDead) return
    if (!machine.isCut) machine.seen = machine.published
    if (machine.seen !== undefined) this.#act(machine, machine.seen)
    if (machine.isDead || machine.isCut || machine.seen === undefined || !isHeard) return
    machine.isSilent = false
    machine.status = statusOf(machine, machine.seen)
  }

  /** The agent goes one step on with what it knows. */
  #act(machine: Machine, { program, permit }: Published): void {
    const { trial } = machine
    if (trial !== undefined && trial.looksLeft > 0) trial.looksLeft -= 1
    else if (trial !== undefined) this.#endTrial(machine, trial.program)
    else if (machine.inForce !== program && machine.takenBack !== program && permit === program) {
      machine.trial = { program, looksLeft: 1 }
    }
  }

  #endTrial(machine: Machine, program: string): void {
    if (machine.fate === 'goes silent') {
      machine.isDead = true
      return
    }
    if (machine.fate === 'fails') machine.takenBack = program
    else {
      machine.inForce = program
      machine.isBroken = false
    }
    delete machine.trial
  }

  #watch(): void {
    const open = this.machines.filter(({ trial }) => trial !== undefined)
    const counted = open.filter(({ isExcluded }) => !isExcluded)
    if (counted.length > this.#limit) this.violations.push(`${counted.length} at once`)
    const groups = open.flatMap(({ role, pools }) => failureGroups(role, pools))
    const twice = groups.find((group, at) => groups.indexOf(group) !== at)
    if (twice !== undefined) this.violations.push(`two of ${twice}`)
  }
}

function standingOf(machine: Machine, nowMs: number): NodeStanding {
  const { name, role, pools, published, status, isSilent, isExcluded, sinceMs } = machine
  const { program, revision, sequence, permit } = published
  return {
    node: name,
    role,
    failureGroups: failureGroups(role, pools),
    published: { digest: program, revision, sequence, forMs: nowMs - sinceMs },
    isSilent,
    isExcluded,
    ...(permit === undefined ? {} : { permit }),
    ...(status === undefined ? {} : { status }),
  }
}

function statusOf(machine: Machine, { program, revision, sequence }: Published): NodeProgramStatus {
  const { inForce, trial, takenBack, isBroken } = machine
  const awaitingPermit = { program, changes: ['a table'] }
  const said = ((): Pick<NodeProgramStatus, 'verdict' | 'reason' | 'awaitingPermit'> => {
    if (trial !== undefined) return { verdict: 'pending', reason: 'Confirming' }
    if (inForce === program) return { verdict: 'settled', reason: 'Applied' }
    const isWaiting = takenBack !== program
    if (isBroken) return { verdict: 'failed', reason: 'FILTER_CONTESTED', ...(isWaiting ? { awaitingPermit } : {}) }
    return isWaiting
      ? { verdict: 'pending', reason: 'AwaitingPermit', awaitingPermit }
      : { verdict: 'blocked', reason: 'RolledBack' }
  })()
  const { verdict, reason } = said
  const status = verdict === 'settled' ? 'True' : 'False'
  return {
    observedSequence: sequence,
    // Files are in place before the kernel is.
    appliedProgram: program,
    appliedRevision: revision,
    message: reason,
    conditions: [{ type: 'KernelReady', status, reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    agentVersion: '0.5.0',
    formats: [1],
    ...said,
  }
}

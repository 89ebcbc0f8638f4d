import type { NodeProgramStatus } from '../../../src/domain/published-program.ts'
import type { NodeStanding } from '../../../src/plan/permits/node-standing.ts'

export const digest = 'd2'
export const revision = 'main@sha1:2'

interface Situation extends Partial<Omit<NodeStanding, 'published' | 'status'>> {
  readonly published?: Partial<NodeStanding['published']>
  readonly status?: Partial<NodeProgramStatus> | 'never'
}

/** A node that holds what is published, and never asked for anything. */
export function standing(node: string, { published, status, ...more }: Situation = {}): NodeStanding {
  return {
    node,
    role: 'agent',
    failureGroups: [],
    ...more,
    published: { digest, revision, sequence: 7, ...published },
    ...(status === 'never' ? {} : { status: { ...settled, ...status } }),
  }
}

const settled: NodeProgramStatus = {
  observedSequence: 7,
  appliedProgram: digest,
  appliedRevision: revision,
  verdict: 'settled',
  reason: 'Applied',
  message: 'The node is as the revision says',
  conditions: [],
  agentVersion: '0.5.0',
  formats: [1],
}

/** Its files are in place, and the kernel waits. */
export function asking(node: string, more: Situation = {}): NodeStanding {
  const status = {
    verdict: 'pending',
    reason: 'AwaitingPermit',
    message: 'A risky change waits for a permit',
    awaitingPermit: { program: more.published?.digest ?? digest, changes: ['table mangle'] },
  } as const
  return standing(node, { ...more, status: { ...status, ...(more.status === 'never' ? {} : more.status) } })
}

export function onTrial(node: string, more: Situation = {}): NodeStanding {
  const status = { verdict: 'pending', reason: 'Confirming', message: 'Change 1 is in place' } as const
  return standing(node, {
    permit: digest,
    ...more,
    status: { ...status, ...(more.status === 'never' ? {} : more.status) },
  })
}

export function takenBack(node: string, more: Situation = {}): NodeStanding {
  const status = { verdict: 'blocked', reason: 'RolledBack', message: 'a probe failed: gateway' } as const
  return standing(node, { permit: digest, ...more, status })
}

/** Went through its risky change. */
export function done(node: string, more: Situation = {}): NodeStanding {
  return standing(node, { permit: digest, ...more })
}

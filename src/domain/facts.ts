export type NodeRole = 'server' | 'agent'

/** What is true of a node and not ours to choose. */
export interface NodeFacts {
  readonly name: string
  readonly role: NodeRole
  readonly labels: Readonly<Record<string, string>>
  readonly addresses: readonly string[]
  /** As the node reports it: `v1.33.4+k3s1`; absent where it is not known. */
  readonly k3sVersion?: string
}

export interface ServiceFacts {
  readonly namespace: string
  readonly name: string
  readonly type: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * What is true of a cluster and not ours to choose. `assumed` facts stand in where nobody looked: one server and one
 * agent that speak for all of their role.
 */
export interface Facts {
  readonly origin: 'live' | 'capture' | 'assumed'
  readonly nodes: readonly NodeFacts[]
  readonly services: readonly ServiceFacts[]
}

export const assumedFacts: Facts = {
  origin: 'assumed',
  nodes: [
    { name: 'every-server', role: 'server', labels: {}, addresses: [] },
    { name: 'every-agent', role: 'agent', labels: {}, addresses: [] },
  ],
  services: [],
}

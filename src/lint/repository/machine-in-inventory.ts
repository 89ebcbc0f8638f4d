import type { Finding, Rule } from '../rule.ts'

/** What is done for a server on an agent, flags of servers among them, keeps the agent from starting. */
export const roleDiffers: Rule = {
  id: 'repo-role-differs',
  severity: 'error',
  title: 'a machine has another role than the inventory says',
  why: 'an agent does not start with the flags of a server, and a server lacks its own',
  fix: 'correct the role in spec.nodes, or leave --role out: it comes from there',
  versions: 'every version',
  looksAt: ['live'],
  sources: ['k3s-io/docs docs/cli/agent.md'],
  check({ desired, facts }) {
    if (desired === undefined) return []
    return desired.cluster.spec.nodes.flatMap((known, index): Finding[] => {
      const found = facts.nodes.find((node) => node.name === known.name)
      if (found === undefined || found.role === known.role) return []
      return [
        {
          at: desired.places.clusterPlace(['spec', 'nodes', index, 'role']),
          what: `${known.name} is written as ${known.role} and runs as ${found.role}`,
        },
      ]
    })
  },
}

export const machineMissing: Rule = {
  id: 'repo-machine-missing',
  severity: 'warning',
  title: 'a machine of the cluster is not in the inventory',
  why: 'what the inventory says of addresses, labels and the number of servers leaves it out',
  fix: 'add it to spec.nodes, or name it as it is called there with --node',
  versions: 'every version',
  looksAt: ['live'],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired, facts }) {
    if (desired === undefined || desired.cluster.spec.nodes.length === 0) return []
    const known = new Set(desired.cluster.spec.nodes.map((node) => node.name))
    return facts.nodes
      .filter((node) => facts.origin !== 'assumed' && !known.has(node.name))
      .map((node) => ({
        at: desired.places.clusterPlace(['spec', 'nodes']),
        what: `${node.name} is not in spec.nodes`,
      }))
  },
}

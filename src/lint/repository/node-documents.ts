import type { Facts } from '../../domain/facts.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import type { DesiredState, DocumentPath, NodeNetwork } from '../../schema/documents.ts'
import { closestWord } from '../../text/suggest.ts'
import type { Finding, Rule } from '../rule.ts'

export const nodeUnknown: Rule = {
  id: 'repo-node-unknown',
  severity: 'warning',
  title: 'a node is named that the cluster does not have',
  why: 'what is written for it reaches no machine',
  fix: 'correct the name, or add the node to spec.nodes',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['fairlead docs/reference/nodenetwork.md'],
  check({ desired, facts }) {
    if (desired === undefined || facts.origin === 'assumed' || facts.nodes.length === 0) return []
    // One machine alone knows of no other.
    if (facts.origin === 'live' && facts.nodes.length === 1) return []
    return selectorsIn(desired).flatMap((written) => [
      ...unknownNames(facts, written),
      ...matchingNothing(facts, written),
    ])
  },
}

interface WrittenSelector {
  readonly selector: NodeNetwork['spec']['nodes']
  /** For people: `NodeNetwork "edge"`. */
  readonly whose: string
  readonly place: (path: DocumentPath) => LocatedLine
}

function selectorsIn({ cluster, nodes, places }: DesiredState): readonly WrittenSelector[] {
  return [
    ...nodes.map(({ metadata: { name }, spec }) => ({
      selector: spec.nodes,
      whose: `NodeNetwork ${JSON.stringify(name)}`,
      place: (path: DocumentPath) => places.nodePlace(name, ['spec', 'nodes', ...path]),
    })),
    ...cluster.spec.loadBalancer.pools.map((pool, index) => ({
      selector: pool.nodes,
      whose: `pool ${JSON.stringify(pool.name)}`,
      place: (path: DocumentPath) => places.clusterPlace(['spec', 'loadBalancer', 'pools', index, 'nodes', ...path]),
    })),
  ]
}

function unknownNames({ nodes }: Facts, { selector: { names = [] }, place }: WrittenSelector): Finding[] {
  const known = nodes.map((node) => node.name)
  return names.flatMap((name, index): Finding[] => {
    if (known.includes(name)) return []
    const meant = closestWord(name, known)
    return [
      {
        at: place(['names', index]),
        what: `there is no node ${JSON.stringify(name)}`,
        ...(meant === undefined ? {} : { fix: `did you mean ${meant}?` }),
      },
    ]
  })
}

function matchingNothing({ nodes }: Facts, { selector, whose, place }: WrittenSelector): Finding[] {
  const { matchLabels } = selector
  if (matchLabels === undefined) return []
  const wanted = Object.entries(matchLabels)
  if (nodes.some(({ labels }) => wanted.every(([key, value]) => labels[key] === value))) return []
  const what = `no node has the labels of ${whose}: ${wanted.map(([key, value]) => `${key}=${value}`).join(', ')}`
  return [{ at: place(['matchLabels']), what, fix: 'correct the labels, or give them to the nodes that are meant' }]
}

/** Fields of a NodeNetwork that hold one value for a node. */
const singleFields = ['nodeIP', 'externalIP', 'nodeName', 'flannelInterface'] as const

export const nodeFieldTwice: Rule = {
  id: 'repo-node-field-twice',
  severity: 'error',
  title: 'two NodeNetworks say different things about one node',
  why: 'a node has one value of it, and which document wins would be a matter of their names',
  fix: 'keep it in one of them, or let their selectors exclude each other',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['fairlead docs/reference/nodenetwork.md'],
  check({ desired, nodes }) {
    if (desired === undefined) return []
    return nodes.flatMap((node) =>
      singleFields.flatMap((field): Finding[] => {
        const [first, second] = node.networks.filter((network) => network.spec[field] !== undefined)
        if (first === undefined || second === undefined || sameValue(first, second, field)) return []
        return [
          {
            at: desired.places.nodePlace(second.metadata.name, ['spec', field]),
            what: `${first.metadata.name} says another ${field} for node ${node.name}`,
          },
        ]
      }),
    )
  },
}

function sameValue(a: NodeNetwork, b: NodeNetwork, field: (typeof singleFields)[number]): boolean {
  return JSON.stringify(a.spec[field]) === JSON.stringify(b.spec[field])
}

export const versionDiffers: Rule = {
  id: 'repo-version-differs',
  severity: 'warning',
  title: 'a node runs another minor release of K3s than the repository says',
  why: 'k3sVersion decides which flags, backends and charts exist; for the wrong release they are the wrong ones',
  fix: 'write the release that the cluster runs into spec.k3sVersion',
  versions: 'every version',
  looksAt: ['live'],
  sources: ['fairlead docs/reference/nodenetwork.md'],
  check({ desired, version, facts }) {
    if (desired === undefined || version === undefined) return []
    return facts.nodes.flatMap((node): Finding[] => {
      const runs = node.k3sVersion === undefined ? undefined : parseK3sVersion(node.k3sVersion)
      // Agents may be older than servers; that is Kubernetes' own version skew.
      if (runs === undefined || node.role === 'agent') return []
      if (runs.major === version.major && runs.minor === version.minor) return []
      return [
        {
          at: desired.places.clusterPlace(['spec', 'k3sVersion']),
          what: `node ${node.name} runs ${runs.text}, and k3sVersion is ${version.text}`,
        },
      ]
    })
  },
}

import type { LocatedLine } from '../../domain/problem.ts'
import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import type { DesiredState } from '../../schema/documents.ts'
import type { Finding, Rule } from '../rule.ts'
import type { NodeSubject } from '../subject.ts'
import { type DocumentFlag, documentFlags, printScope, textsOfFlag } from './document-flags.ts'

/** `spec.k3sFlags.nodes`, `.servers`, the inventory, the NodeNetworks: the later of these wins, and wins whole. */
export const flagOverridden: Rule = {
  id: 'repo-flag-overridden',
  severity: 'warning',
  title: 'a value that a more particular one replaces',
  why: 'the more particular value wins whole: lists are replaced and never joined',
  fix: 'write everything that shall count into the more particular one, or take one of them away',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired, nodes }) {
    if (desired === undefined) return []
    const flags = documentFlags(desired)
    return nodes.flatMap((node) => hiddenOn(node, levelsOf(node, desired, flags)))
  },
}

/** One value for one flag of one node. */
interface LevelValue {
  readonly key: string
  readonly texts: readonly string[]
  /** For people: `kubelet-arg of spec.k3sFlags.nodes`. */
  readonly name: string
  readonly level: string
  readonly at: LocatedLine
  /** That two NodeNetworks have different fields is told of by repo-node-field-twice. */
  readonly mayOnlyHide: boolean
}

function hiddenOn({ role }: NodeSubject, values: readonly LevelValue[]): readonly Finding[] {
  return values.flatMap((value): Finding[] => {
    const flag = findFlag(value.key)
    const winner = values.findLast(({ key }) => key === value.key)
    // What the node does not take at all is told of by the rules about keys.
    if (flag?.commands.includes(role) !== true || value.mayOnlyHide || winner === undefined) return []
    if (winner.level === value.level) return []
    const lost = value.texts.filter((text) => !winner.texts.includes(text))
    if (lost.length === 0) return []
    const finding: Finding = { at: value.at, what: `${value.name} does not count: ${winner.name} replaces it` }
    // One value in the place of another is what levels are for.
    return [flag.type === 'list' ? finding : { ...finding, severity: 'notice' }]
  })
}

/** Everything that the documents say about one node, the weakest first. */
function levelsOf(node: NodeSubject, desired: DesiredState, flags: readonly DocumentFlag[]): readonly LevelValue[] {
  const networks = new Set(node.networks.map(({ metadata }) => metadata.name))
  const ofNode = (name: string): LevelValue[] => [
    ...fieldsOf(desired, name),
    ...flags.filter(({ scope }) => scope.kind === 'node-network' && scope.name === name).map(flagValue),
  ]
  return [
    ...flags.filter(({ scope }) => scope.kind === 'nodes').map(flagValue),
    ...flags.filter(({ scope }) => scope.kind === 'servers' && node.role === 'server').map(flagValue),
    ...inventoryAddresses(desired, node.name),
    ...desired.nodes
      .filter(({ metadata }) => networks.has(metadata.name))
      .flatMap(({ metadata }) => ofNode(metadata.name)),
  ]
}

function flagValue(flag: DocumentFlag): LevelValue {
  const level = printScope(flag.scope)
  const { writtenKey, key } = flag
  const at = findFlag(key)?.isSecret === true ? { place: flag.place().place } : flag.place()
  return { key, texts: textsOfFlag(flag), name: `${writtenKey} of ${level}`, level, at, mayOnlyHide: false }
}

function inventoryAddresses({ cluster, places }: DesiredState, name: string): readonly LevelValue[] {
  const index = cluster.spec.nodes.findIndex((one) => one.name === name)
  const addresses = cluster.spec.nodes[index]?.addresses
  if (addresses === undefined) return []
  return [
    {
      key: 'node-ip',
      texts: addresses,
      name: `addresses of spec.nodes[${index}]`,
      level: 'spec.nodes',
      at: places.clusterPlace(['spec', 'nodes', index, 'addresses']),
      mayOnlyHide: false,
    },
  ]
}

/** Fields of a NodeNetwork, by the flag that they become. */
const fields = {
  nodeIP: 'node-ip',
  externalIP: 'node-external-ip',
  nodeName: 'node-name',
  flannelInterface: 'flannel-iface',
} as const

function fieldsOf({ nodes, places }: DesiredState, name: string): readonly LevelValue[] {
  const spec = nodes.find(({ metadata }) => metadata.name === name)?.spec
  return Object.entries(fields).flatMap(([field, key]): LevelValue[] => {
    const value = spec?.[field as keyof typeof fields]
    if (value === undefined) return []
    const level = `k3sFlags of NodeNetwork ${JSON.stringify(name)}`
    const at = places.nodePlace(name, ['spec', field])
    return [
      {
        key,
        texts: [value].flat(),
        name: `${field} of NodeNetwork ${JSON.stringify(name)}`,
        level,
        at,
        mayOnlyHide: true,
      },
    ]
  })
}

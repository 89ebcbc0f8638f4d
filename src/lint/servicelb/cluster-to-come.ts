import { familyOf } from '../../domain/cidr.ts'
import type { NodeFacts, Taint } from '../../domain/facts.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { itemsOf, scalarOf } from '../../k3s/config/effective-settings.ts'
import { defaultTexts } from '../../k3s/config/flag-defaults.ts'
import { disabledServersIn } from '../../k3s/servicelb/node-arguments.ts'
import { predictServicelb } from '../../k3s/servicelb/predict.ts'
import type { ServicelbCluster, ServicePrediction } from '../../k3s/servicelb/prediction.ts'
import { enableLabel, poolLabel } from '../../k3s/servicelb-labels.ts'
import type { ClusterNetwork, DesiredState } from '../../schema/documents.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'
import { readAnnotation } from './annotation-value.ts'
import { servicesToCome } from './services-to-come.ts'

type Pool = ClusterNetwork['spec']['loadBalancer']['pools'][number]

/** A node with the labels, taints and addresses that it will have. */
export interface NodeToCome {
  readonly facts: NodeFacts
  readonly at: LocatedLine
  /** Where what decides about its place in ServiceLB is written: its pool, or the node. */
  readonly poolAt: LocatedLine
}

/**
 * Every node of the cluster; undefined where nobody knows them: assumed nodes stand for any number, and one machine alone
 * knows of no other.
 */
export function nodesToCome(subject: LintSubject): readonly NodeToCome[] | undefined {
  if (!knownNodes.has(subject)) knownNodes.set(subject, findNodes(subject))
  return knownNodes.get(subject)
}

/** A dozen rules ask. */
const knownNodes = new WeakMap<LintSubject, readonly NodeToCome[] | undefined>()

function findNodes(subject: LintSubject): readonly NodeToCome[] | undefined {
  const { facts, nodes } = subject
  const isAlone = facts.origin === 'live' && facts.nodes.length === 1
  if (facts.origin === 'assumed' || facts.nodes.length === 0 || isAlone) return undefined
  const pools = poolLabels(subject.desired, subject)
  const gone = poolLabels(subject.before?.desired, subject)
  const told = new Map(nodes.map((node) => [node.name, node]))
  return facts.nodes.map((node) => {
    const [pool, subjectNode] = [pools.get(node.name), told.get(node.name)]
    const at = subjectNode?.at ?? { place: { file: `Node/${node.name}`, line: 1, column: 1 } }
    const lost = gone.get(node.name)?.labels ?? {}
    const kept = Object.entries(node.labels).filter(([key, value]) => lost[key] !== value)
    const registered = facts.origin === 'inventory' ? labelsAtRegistration(subjectNode) : {}
    return {
      facts: {
        ...node,
        labels: { ...registered, ...Object.fromEntries(kept), ...pool?.labels },
        ...addressesToCome(subjectNode),
        taints: node.taints ?? taintsAtRegistration(subjectNode),
      },
      at,
      poolAt: pool?.at ?? at,
    }
  })
}

/** Without an answer to what nobody knows; undefined where the nodes or the release are not known. */
export function clusterToCome(subject: LintSubject): ServicelbCluster | undefined {
  const nodes = nodesToCome(subject)
  const { version, facts } = subject
  if (nodes === undefined || version === undefined) return undefined
  return {
    version,
    nodes: nodes.map((node) => node.facts),
    services: servicesToCome(subject).map((one) => one.service),
    ...(facts.hostPortPods === undefined ? {} : { hostPortPods: facts.hostPortPods }),
    disabledServers: disabledServers(subject),
    namespace: servicelbNamespace(subject),
    primaryFamily: primaryFamily(subject),
    readAnnotation,
  }
}

const predicted = new WeakMap<LintSubject, readonly ServicePrediction[]>()

/** What ServiceLB will make of everything; empty where the nodes or the release are not known. */
export function predictionsToCome(subject: LintSubject): readonly ServicePrediction[] {
  const found = predicted.get(subject)
  if (found !== undefined) return found
  const cluster = clusterToCome(subject)
  const made = cluster === undefined ? [] : predictServicelb(cluster)
  predicted.set(subject, made)
  return made
}

/** Servers that leave ServiceLB out: as their settings say, and for others as they were started. */
function disabledServers(subject: LintSubject): ReadonlySet<string> {
  const known = new Set(subject.nodes.map((node) => node.name))
  const others = disabledServersIn(subject.facts.nodes.filter((node) => !known.has(node.name)))
  const told = serversOf(subject).filter(disablesServicelb)
  return new Set([...others, ...told.map((node) => node.name)])
}

export function disablesServicelb({ settings }: NodeSubject): boolean {
  return itemsOf(settings, 'disable').some((item) => item.text.trim() === 'servicelb')
}

/** Some server runs ServiceLB, or may: nobody said otherwise. */
export function isServicelbOn(subject: LintSubject): boolean {
  const servers = serversOf(subject)
  return servers.length === 0 || servers.some((server) => !disablesServicelb(server))
}

export function servicelbNamespace(subject: LintSubject): string {
  const [server] = serversOf(subject)
  return (server === undefined ? undefined : scalarOf(server.settings, 'servicelb-namespace')?.text) ?? 'kube-system'
}

export function primaryFamily(subject: LintSubject): 4 | 6 {
  const [server] = serversOf(subject)
  if (server === undefined) return 4
  const written = itemsOf(server.settings, 'service-cidr').map((item) => item.text)
  const [first] = written.length > 0 ? written : defaultTexts('service-cidr', server.settings)
  return first === undefined ? 4 : familyOf(first)
}

interface PoolMembership {
  readonly labels: Readonly<Record<string, string>>
  readonly at: LocatedLine
}

/** The labels that the pools of the documents put on nodes, by node. */
function poolLabels(
  desired: DesiredState | undefined,
  { facts }: Pick<LintSubject, 'facts'>,
): ReadonlyMap<string, PoolMembership> {
  if (desired === undefined) return new Map()
  const { places, cluster } = desired
  return new Map(
    cluster.spec.loadBalancer.pools.flatMap((pool, index) => {
      const at = places.clusterPlace(['spec', 'loadBalancer', 'pools', index])
      const labels = { [enableLabel]: 'true', [poolLabel]: pool.name }
      return facts.nodes.filter((node) => isMember(node, pool)).map((node) => [node.name, { labels, at }] as const)
    }),
  )
}

function isMember(node: NodeFacts, { nodes: { names, matchLabels = {} } }: Pool): boolean {
  if (names !== undefined) return names.includes(node.name)
  return Object.entries(matchLabels).every(([key, value]) => node.labels[key] === value)
}

/** A node that has registered keeps the labels that it has, whatever its flags say now. */
function labelsAtRegistration(node: NodeSubject | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    itemsOfNode(node, 'node-label').map((text) => {
      const [key = '', ...value] = text.split('=')
      return [key, value.join('=')]
    }),
  )
}

function taintsAtRegistration(node: NodeSubject | undefined): readonly Taint[] {
  return itemsOfNode(node, 'node-taint').flatMap((text): Taint[] => {
    const [, key = '', value, effect = ''] = /^([^=:]+)(?:=([^:]*))?:(.+)$/.exec(text) ?? []
    if (effect !== 'NoSchedule' && effect !== 'PreferNoSchedule' && effect !== 'NoExecute') return []
    return [{ key, effect, ...(value === undefined ? {} : { value }) }]
  })
}

function addressesToCome(node: NodeSubject | undefined): Partial<Pick<NodeFacts, 'addresses' | 'externalAddresses'>> {
  const addresses = itemsOfNode(node, 'node-ip')
  const externalAddresses = itemsOfNode(node, 'node-external-ip')
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(externalAddresses.length > 0 ? { externalAddresses } : {}),
  }
}

function itemsOfNode(node: NodeSubject | undefined, key: string): readonly string[] {
  return node === undefined ? [] : itemsOf(node.settings, key).map((item) => item.text.trim())
}

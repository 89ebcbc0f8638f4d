import type { NodeRole } from '../domain/facts.ts'
import { type DocumentMapping, printYamlDocument } from '../text/yaml-document-print.ts'
import { type ClusterFields, clusterFields, written } from './cluster-fields.ts'
import { clusterNotes } from './cluster-notes.ts'
import { type PlacedFlags, placeFlags } from './flag-homes.ts'
import { findFlags } from './found-flags.ts'
import { type ImportedCluster, type ImportInput, type ImportNote, namesOf } from './import-input.ts'
import { readPools } from './read-pools.ts'
import { takeManifests } from './take-manifests.ts'

/**
 * The cluster directory that says what a cluster does already: what differs from K3s's defaults, or is written although
 * it does not. What K3s is told by its own files stays there; the plan against the same machines is empty. What cannot
 * be expressed stands in the comments of network.yaml, with the reason.
 *
 * The same cluster gives the same bytes. No secret is in any of them.
 */
export function importCluster(input: ImportInput): ImportedCluster {
  const { machines, notes: kept } = findFlags(input)
  const fields = clusterFields(machines)
  const placed = placeFlags(machines, {
    hasFlannel: fields.plugin === 'flannel',
    knowsAgents: knowsAgents(input),
  })
  const servers = machines.filter(({ role }) => role === 'server')
  const disabled = [...new Set(servers.flatMap(({ flags }) => flags.get('disable')?.texts ?? []))]
  const { manifests, notes: leftManifests } = takeManifests(input.machines, disabled)
  const { pools, notes: leftPools } = readPools(input.facts)
  const notes = [
    ...clusterNotes(input, machines),
    ...kept,
    ...fields.notes,
    ...placed.notes,
    ...leftManifests,
    ...leftPools,
  ]
  return {
    files: [
      { path: 'network.yaml', text: networkText(input, fields, placed, pools, notes) },
      ...[...placed.own].map(([name, spec]) => ({ path: `nodes/${name}.yaml`, text: nodeText(name, spec) })),
      ...[...manifests].map(([name, text]) => ({ path: `manifests/${name}`, text })),
    ],
    notes,
  }
}

function knowsAgents({ machines, facts }: ImportInput): boolean {
  const roles = new Set(machines.map(({ role }) => role))
  if (roles.size === 2) return true
  return facts?.nodes.every((node) => machines.some(({ name }) => name === node.name)) ?? false
}

function networkText(
  input: ImportInput,
  fields: ClusterFields,
  placed: PlacedFlags,
  pools: readonly DocumentMapping[],
  notes: readonly ImportNote[],
): string {
  const document = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'ClusterNetwork',
    metadata: { name: input.name },
    spec: written({
      k3sVersion: input.k3sVersion,
      nodes: inventoryOf(input, placed),
      addressing: filled(fields.addressing),
      cni: filled(cniOf(fields, placed)),
      components: filled(fields.components),
      k3sFlags: filled(written({ servers: filled(placed.servers), nodes: filled(placed.nodes) })),
      loadBalancer: pools.length === 0 ? undefined : { pools },
    }),
  }
  return printYamlDocument(document, { header: headerOf(input, notes), spaced: ['spec'] })
}

function cniOf({ plugin, flannel }: ClusterFields, placed: PlacedFlags): DocumentMapping {
  if (plugin === 'none') return { plugin }
  const options = { ...flannel, ...written({ interface: placed.interface }) }
  return Object.keys(options).length === 0 ? {} : { plugin, flannel: inOrder(options) }
}

/** As the schema has them. */
function inOrder(options: DocumentMapping): DocumentMapping {
  return written(
    Object.fromEntries(['backend', 'interface', 'ipv6Masq', 'externalIP'].map((key) => [key, options[key]])),
  )
}

function inventoryOf({ machines, facts }: ImportInput, { addresses }: PlacedFlags): readonly DocumentMapping[] {
  const known = new Map<string, NodeRole>([
    ...(facts?.nodes ?? []).map((node) => [node.name, node.role] as const),
    ...machines.map((machine) => [machine.name, machine.role] as const),
  ])
  const byRole = [...known].sort(([a, roleA], [b, roleB]) =>
    roleA === roleB ? (a < b ? -1 : 1) : roleA === 'server' ? -1 : 1,
  )
  return byRole.map(([name, role]) => written({ name, role, addresses: addresses.get(name) }))
}

function nodeText(name: string, spec: DocumentMapping): string {
  return printYamlDocument({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeNetwork',
    metadata: { name },
    spec: { nodes: { names: [name] }, ...spec },
  })
}

function headerOf({ name, machines, facts }: ImportInput, notes: readonly ImportNote[]): string[] {
  const read = machines.filter(({ source }) => source === 'files').map((machine) => machine.name)
  const sources = [
    ...(read.length === 0 ? [] : [`the files of ${namesOf(read)}`]),
    ...(facts?.origin === 'live' ? ['the Kubernetes API'] : facts?.origin === 'capture' ? ['a capture'] : []),
  ]
  const what = `The network of the cluster ${name}, as fairlead import found it in ${namesOf(sources)}.`
  const rest = 'What is not written here is as K3s has it by default.'
  if (notes.length === 0) return [`${what} ${rest}`]
  const list = notes.map(({ what: found, why }) => `- ${found}: ${why}`)
  return [`${what} ${rest}`, '', 'Found, and not in here:', ...list]
}

/** Undefined for what would be an empty mapping. */
function filled(mapping: DocumentMapping): DocumentMapping | undefined {
  return Object.keys(mapping).length === 0 ? undefined : mapping
}

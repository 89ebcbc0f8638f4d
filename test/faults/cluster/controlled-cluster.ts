import { isDeepStrictEqual } from 'node:util'
import { Failure } from '../../../src/domain/failure.ts'
import { contentName } from '../../../src/domain/fairlead-api.ts'
import { asList, asRecord, type Json } from '../../../src/domain/plain-json.ts'
import type { KubeQuery, LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { contentsOf } from '../../../src/schema/program/unpack-program.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { type FaultLab, never } from './fault-lab.ts'

const system = 'fairlead-system'

/** Two revisions that differ in everything the controller writes: programs, contents, labels of nodes and Services. */
export function documents(variant: 'a' | 'b'): Readonly<Record<string, string>> {
  const [members, device] = variant === 'a' ? ['agt-1, agt-2', 'eth0'] : ['agt-2, agt-3', 'eth1']
  const network = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec:
  k3sVersion: v1.33.4+k3s1
  loadBalancer:
    pools:
      - name: edge
        nodes: { names: [${members}] }
        services: [{ namespace: shop, name: web }]
`
  const node = (name: string): string => `apiVersion: fairlead.dev/v1alpha1
kind: NodeNetwork
metadata: { name: ${name} }
spec: { nodes: { names: [${name}] }, flannelInterface: ${device} }
`
  const files = nodes.map(({ name }) => [`clusters/home/nodes/${name}.yaml`, node(name)] as const)
  return {
    'clusters/home/network.yaml': network,
    // More than stays in a program: it is published as contents of their own.
    'clusters/home/manifests/large.yaml': largeManifest(variant),
    ...Object.fromEntries(files),
  }
}

function largeManifest(variant: string): string {
  const lines = Array.from({ length: 900 }, (_, at) => `    ${variant} line ${at} ${'x'.repeat(60)}`)
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: large, namespace: default }\ndata:\n  text: |\n${lines.join('\n')}\n`
}

const nodes = [
  { name: 'srv-1', isServer: true },
  { name: 'srv-2', isServer: true },
  { name: 'agt-1', isServer: false },
  { name: 'agt-2', isServer: false },
  { name: 'agt-3', isServer: false },
] as const

/** What a cluster holds before Fairlead comes, with things of others in every place where Fairlead writes. */
export async function putControlledCluster({ server: { writer } }: FaultLab): Promise<void> {
  for (const name of [system, 'shop']) await writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  for (const [at, { name, isServer }] of nodes.entries()) {
    const role = isServer ? { 'node-role.kubernetes.io/control-plane': 'true' } : {}
    await writer.create('/api/v1/nodes', { metadata: { name, labels: { ...role, team: 'shop' } } })
    await writer.setStatus(`/api/v1/nodes/${name}`, {
      nodeInfo,
      addresses: [{ type: 'InternalIP', address: `192.168.1.${at + 10}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    })
    // Every new node is given one that says it is not ready, and nobody runs who would take it away.
    await writer.setSpec(`/api/v1/nodes/${name}`, { taints: [] })
  }
  for (const [at, name] of ['web', 'other'].entries()) {
    await writer.create('/api/v1/namespaces/shop/services', {
      metadata: { name, labels: { app: name } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 + at }], selector: { app: name } },
    })
  }
  // Somebody says yes to the labels, once.
  const adoption = JSON.stringify({ cluster: 'home', adoptedAt: '2026-03-01T12:00:00Z' })
  await writer.create(`/api/v1/namespaces/${system}/configmaps`, {
    metadata: { name: 'fairlead-inventory' },
    data: { adoption },
  })
  await putForeign(writer)
}

const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${system}`

async function putForeign(writer: FaultLab['server']['writer']): Promise<void> {
  for (const namespace of [system, 'shop']) {
    await writer.create(`/api/v1/namespaces/${namespace}/configmaps`, {
      metadata: { name: 'theirs' },
      data: { a: '1' },
    })
    await writer.create(`/api/v1/namespaces/${namespace}/secrets`, {
      metadata: { name: 'theirs' },
      stringData: { a: '1' },
    })
  }
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
  await writer.create(`${rbac}/roles`, { metadata: { name: 'fairlead-agent-theirs' }, rules })
  await writer.create(`${rbac}/rolebindings`, {
    metadata: { name: 'fairlead-agent-theirs' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'fairlead-agent-theirs' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'them' }],
  })
}

const nodeInfo = {
  machineID: '',
  systemUUID: '',
  bootID: '',
  kernelVersion: '6.1.0',
  osImage: 'Debian',
  containerRuntimeVersion: '',
  kubeProxyVersion: '',
  architecture: 'amd64',
  operatingSystem: 'linux',
  kubeletVersion: 'v1.33.4+k3s1',
}

const ours = { apiVersion: 'fairlead.dev/v1alpha1', namespace: system } as const
const kinds: readonly KubeQuery[] = [
  { ...ours, kind: 'NodeProgram' },
  { ...ours, kind: 'ClusterNetwork' },
  { apiVersion: 'v1', kind: 'Node' },
  { apiVersion: 'v1', kind: 'Service', namespace: 'shop' },
  { apiVersion: 'v1', kind: 'ConfigMap', namespace: system },
  { apiVersion: 'v1', kind: 'Secret', namespace: system },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', namespace: system },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', namespace: system },
  { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
]

/** Everything that is to be the same however often the controller was killed, by kind and name. */
export type ClusterPicture = Readonly<Record<string, Json>>

export async function pictureOf({ direct }: FaultLab): Promise<ClusterPicture> {
  const lists = await Promise.all(kinds.map((query) => listOf(direct, query)))
  const shown = lists.flatMap(({ items }, at) =>
    items.map(
      (object) => [`${kinds[at]?.kind} ${object.metadata.name}`, shownOf(kinds[at]?.kind ?? '', object)] as const,
    ),
  )
  const contents = await listOf(direct, { ...ours, kind: 'ProgramContent' })
  const there = new Set(contents.items.map(({ metadata }) => metadata.name))
  const referred =
    lists[0]?.items.flatMap((program) => contentsOf(asRecord(asRecord(program['spec'])['program']))) ?? []
  const missing = [...new Set(referred)].filter((digest) => !there.has(contentName(digest)))
  const picture = { ...Object.fromEntries(shown), contents: { referred: referred.length, missing } }
  // Fields that are not there are left out, and not undefined.
  return JSON.parse(JSON.stringify(picture)) as ClusterPicture
}

/** Nothing of a kind that is not installed yet. */
async function listOf(
  direct: FaultLab['direct'],
  query: KubeQuery,
): Promise<{ readonly items: readonly LiveObject[] }> {
  try {
    return await direct.list(query, never)
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return { items: [] }
    throw error
  }
}

function shownOf(kind: string, object: LiveObject): Json {
  const { metadata, spec, data, rules, subjects, roleRef, status } = object as LiveObject & Json
  const { labels = {}, annotations = {} } = metadata
  const shown = { labels: asRecord(labels), annotations: asRecord(annotations) }
  if (kind === 'NodeProgram') {
    // Those grow and change with every writing, and only with it.
    const { sequence: _sequence, signature: _signature, ...rest } = asRecord(spec)
    return { ...shown, spec: rest }
  }
  if (kind === 'ClusterNetwork') {
    const { observedRevision, nodes: counts, inventory, conditions } = asRecord(status)
    const said = asList(conditions).map((one) => {
      const { type, status: is, reason } = asRecord(one)
      return { type, is, reason }
    })
    return { ...shown, spec, status: { observedRevision, counts, inventory, conditions: said } }
  }
  if (kind === 'CustomResourceDefinition') return { spec }
  if (metadata.name === 'fairlead-inventory') return { ...shown, data: inventoryOf(asRecord(data)) }
  if (kind === 'Secret') return { ...shown, data: sha256Hex(JSON.stringify(data)) }
  return { ...shown, spec, data, rules, subjects, roleRef }
}

/** By object: which were written down together, and which revision brought them, says nothing about the labels. */
function inventoryOf({ adoption, labels = '[]' }: Json): Json {
  const groups = asList(JSON.parse(String(labels))).map(asRecord)
  const entries = groups.flatMap(({ objects, revision: _revision, ...held }) =>
    asList(objects).map((object) => [String(object), held] as const),
  )
  return { adoption, labels: Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) }
}

/** Objects of others in full, with the versions that say whether anybody touched them. */
export async function foreignOf({ direct }: FaultLab): Promise<readonly LiveObject[]> {
  const lists = await Promise.all(
    ['ConfigMap', 'Secret'].flatMap((kind) =>
      [system, 'shop'].map((namespace) => direct.list({ apiVersion: 'v1', kind, namespace }, never)),
    ),
  )
  const access = await Promise.all(
    ['Role', 'RoleBinding'].map((kind) =>
      direct.list({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, namespace: system }, never),
    ),
  )
  return [...lists, ...access].flatMap(({ items }) => items.filter(({ metadata }) => metadata.name.endsWith('theirs')))
}

/** What is otherwise than wanted, by name. */
export function differences(now: ClusterPicture, wanted: ClusterPicture): readonly string[] {
  const names = [...new Set([...Object.keys(now), ...Object.keys(wanted)])].sort()
  return names
    .filter((name) => !isDeepStrictEqual(now[name], wanted[name]))
    .map((name) => `${name}\n  is     ${JSON.stringify(now[name])}\n  wanted ${JSON.stringify(wanted[name])}`)
}

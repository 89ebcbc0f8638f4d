import { componentSwitches } from '../k3s/packaged-components.ts'
import type { DocumentMapping, DocumentValue } from '../text/yaml-document-print.ts'
import { written } from './cluster-fields.ts'
import { areAddresses, isDnsSubdomain, isInterface } from './field-values.ts'
import type { FoundFlag, MachineFlags } from './found-flags.ts'
import type { ImportNote } from './import-input.ts'

/** Where the flags go that are no matter of all servers alone. */
export interface PlacedFlags {
  /** `spec.cni.flannel.interface`. */
  readonly interface?: string
  /** `spec.k3sFlags.servers` and `.nodes`. */
  readonly servers: DocumentMapping
  readonly nodes: DocumentMapping
  /** `spec.nodes[].addresses` by node. */
  readonly addresses: ReadonlyMap<string, readonly string[]>
  /** `spec` of a NodeNetwork by node, without `nodes`. */
  readonly own: ReadonlyMap<string, DocumentMapping>
  readonly notes: readonly ImportNote[]
}

interface PlacedOptions {
  readonly hasFlannel: boolean
  /** Every node of the cluster was looked at, or one of each role at least: what all of them say is said of all nodes. */
  readonly knowsAgents: boolean
}

/**
 * Each flag to where it is said once: for every server, for every node, or for one node. What only servers were seen
 * to have is not said of agents.
 */
export function placeFlags(machines: readonly MachineFlags[], options: PlacedOptions): PlacedFlags {
  const notes: ImportNote[] = []
  const [servers, nodes]: [Map<string, DocumentValue>, Map<string, DocumentValue>] = [new Map(), new Map()]
  const ofNode = new Map<string, Map<string, DocumentValue>>(machines.map(({ name }) => [name, new Map()]))
  const readServers = machines.filter(({ role }) => role === 'server')
  const keys = new Set(machines.flatMap(({ flags }) => [...flags.keys()]))
  for (const key of [...keys].sort()) {
    if (fieldFlags.has(key)) continue
    const isNodes = !ownFlags.has(key) && options.knowsAgents && sharedValue(machines, key) !== undefined
    const isServers = !ownFlags.has(key) && !isNodes && sharedValue(readServers, key) !== undefined
    for (const { name, role, flags } of machines) {
      const value = documentValue(flags.get(key))
      if (value === undefined) continue
      if (isNodes) nodes.set(key, value)
      else if (isServers && role === 'server') servers.set(key, value)
      else ofNode.get(name)?.set(key, value)
    }
  }
  const shared = options.hasFlannel && options.knowsAgents ? sharedValue(machines, 'flannel-iface') : undefined
  const device = typeof shared === 'string' && isInterface(shared) ? shared : undefined
  const own = machines.map(({ name, flags }) => {
    const flagsOfNode = Object.fromEntries(ofNode.get(name) ?? [])
    const ownInterface = options.hasFlannel && device === undefined
    const fields = written({
      externalIP: fieldOf(name, flags.get('node-external-ip'), areAddresses, notes),
      nodeName: fieldOf(name, flags.get('node-name'), ([text = '']) => isDnsSubdomain(text), notes)?.[0],
      flannelInterface: ownInterface
        ? fieldOf(name, flags.get('flannel-iface'), ([text = '']) => isInterface(text), notes)?.[0]
        : undefined,
      k3sFlags: Object.keys(flagsOfNode).length > 0 ? flagsOfNode : undefined,
    })
    return [name, fields] as const
  })
  const addresses = machines.flatMap(({ name, flags }) => {
    const texts = fieldOf(name, flags.get('node-ip'), areAddresses, notes)
    return texts === undefined ? [] : [[name, texts] as const]
  })
  return {
    ...(device === undefined ? {} : { interface: device }),
    servers: Object.fromEntries(servers),
    nodes: Object.fromEntries(nodes),
    addresses: new Map(addresses),
    own: new Map(own.filter(([, fields]) => Object.keys(fields).length > 0)),
    notes: [...notes, ...flannelConfNotes(machines)],
  }
}

/** Flags that are one machine's own, whoever else says the same. */
const ownFlags: ReadonlySet<string> = new Set([
  'node-label',
  'node-taint',
  'node-internal-dns',
  'node-external-dns',
  'with-node-id',
  'server',
  'bind-address',
  'advertise-address',
])

/** Flags that have a field of their own. */
const fieldFlags: ReadonlySet<string> = new Set([
  'cluster-cidr',
  'service-cidr',
  'cluster-dns',
  'cluster-domain',
  'service-node-port-range',
  'servicelb-namespace',
  'flannel-backend',
  'flannel-ipv6-masq',
  'flannel-external-ip',
  'flannel-iface',
  'flannel-conf',
  'disable',
  ...componentSwitches.flatMap((one) => (one.kind === 'flag' ? [one.flag] : [])),
  'node-ip',
  'node-external-ip',
  'node-name',
])

/** What all of these machines say; undefined where one says nothing or something else. */
function sharedValue(machines: readonly MachineFlags[], key: string): DocumentValue | undefined {
  const values = machines.map(({ flags }) => documentValue(flags.get(key)))
  const [first] = values
  return values.every((value) => JSON.stringify(value) === JSON.stringify(first)) ? first : undefined
}

/** As it stands in `k3sFlags`; undefined for a flag that says nothing. */
function documentValue(found: FoundFlag | undefined): DocumentValue | undefined {
  if (found === undefined || found.texts.every((text) => text === '')) return undefined
  if (found.flag.type === 'list') return found.texts
  const [text = ''] = found.texts
  if (found.flag.type === 'boolean') return text === 'true'
  return found.flag.type === 'integer' && String(Number(text)) === text ? Number(text) : text
}

function fieldOf(
  machine: string,
  found: FoundFlag | undefined,
  isForm: (texts: readonly string[]) => boolean,
  notes: ImportNote[],
): readonly string[] | undefined {
  if (found === undefined || isForm(found.texts)) return found?.texts
  notes.push({
    what: `${found.flag.name} ${JSON.stringify(found.texts.join(','))} on ${machine}`,
    why: 'the field for it takes other values; it stays where it is and is not managed',
  })
  return undefined
}

/** A file of the user's own cannot be named: Fairlead writes one from the fields, at a place of its own. */
function flannelConfNotes(machines: readonly MachineFlags[]): ImportNote[] {
  const paths = new Set(machines.flatMap(({ flags }) => flags.get('flannel-conf')?.texts ?? []))
  return [...paths].map((path) => ({
    what: `flannel-conf ${path}`,
    why: 'the file stays as it is and is not managed; to manage its options write them as spec.cni.flannel.vxlan or .wireguard, and delete the flag',
  }))
}

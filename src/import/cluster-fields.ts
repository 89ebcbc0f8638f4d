import { componentSwitches } from '../k3s/packaged-components.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import type { DocumentMapping, DocumentValue } from '../text/yaml-document-print.ts'
import { areAddresses, areRanges, isDnsLabel, isDnsSubdomain, isPortRange } from './field-values.ts'
import type { MachineFlags } from './found-flags.ts'
import type { ImportNote } from './import-input.ts'
import { type Agreement, agreementOf, disagreement } from './server-agreement.ts'

type Backend = ClusterNetwork['spec']['cni']['flannel']['backend']

/** Parts of `spec` that one flag of the servers each decides about, and what could not be said in them. */
export interface ClusterFields {
  readonly addressing: DocumentMapping
  readonly plugin: 'flannel' | 'none'
  /** Of `spec.cni.flannel`, without the interface. */
  readonly flannel: DocumentMapping
  readonly components: DocumentMapping
  readonly notes: readonly ImportNote[]
}

/** @param machines every one that was looked at; agents say nothing of all servers, but of their kubelets */
export function clusterFields(machines: readonly MachineFlags[]): ClusterFields {
  const notes: ImportNote[] = []
  const fields = new FieldReader(machines, notes)
  const addressing = written({
    clusterCIDR: fields.list('cluster-cidr', areRanges, 'networks without host bits, at most one per family'),
    serviceCIDR: fields.list('service-cidr', areRanges, 'networks without host bits, at most one per family'),
    serviceNodePortRange: fields.text('service-node-port-range', isPortRange, 'a range of ports like 30000-32767'),
    clusterDNS: fields.list('cluster-dns', areAddresses, 'addresses, at most one per family'),
    clusterDomain: fields.text('cluster-domain', isDnsSubdomain, 'a DNS name in small letters'),
  })
  const backend = backendOf(fields.always('flannel-backend'), notes)
  const plugin = backend === 'none' ? 'none' : 'flannel'
  const flannel =
    plugin === 'none'
      ? unreadOptions(machines, notes)
      : written({
          backend,
          ipv6Masq: fields.switch('flannel-ipv6-masq'),
          externalIP: fields.switch('flannel-external-ip'),
        })
  return { addressing, plugin, flannel, components: componentsOf(fields, machines, notes), notes }
}

/** Reads what the servers agree on, and notes what they do not. */
class FieldReader {
  readonly #machines: readonly MachineFlags[]
  readonly #notes: ImportNote[]

  constructor(machines: readonly MachineFlags[], notes: ImportNote[]) {
    this.#machines = machines
    this.#notes = notes
  }

  list(key: string, isForm: (texts: readonly string[]) => boolean, form: string): readonly string[] | undefined {
    const texts = this.#optional(key)
    if (texts === undefined || isForm(texts)) return texts
    this.#notes.push({
      what: `${key} ${texts.join(',')}`,
      why: `the field for it takes ${form}; it stays where it is and is not managed`,
    })
    return undefined
  }

  text(key: string, isForm: (text: string) => boolean, form: string): string | undefined {
    return this.list(key, ([text = '']) => isForm(text), form)?.[0]
  }

  /** A switch of which only `true` is ever told K3s. */
  switch(key: string): boolean | undefined {
    const [text] = this.#optional(key) ?? []
    return text === undefined ? undefined : text === 'true'
  }

  /** For a flag that K3s is told in any case: the first server's, where they do not agree. */
  always(key: string): Agreement {
    const agreement = agreementOf(this.#machines, key)
    if (agreement.kind === 'differs') {
      this.#notes.push({
        what: `${key} is ${agreement.said}`,
        why: 'every server must say the same; what the first says is taken, and the plan shows what that changes',
      })
    }
    return agreement
  }

  #optional(key: string): readonly string[] | undefined {
    const agreement = agreementOf(this.#machines, key)
    if (agreement.kind === 'differs') this.#notes.push(disagreement(key, agreement.said))
    return agreement.kind === 'agreed' ? agreement.texts : undefined
  }
}

const backends: readonly Backend[] = ['vxlan', 'host-gw', 'wireguard-native', 'wireguard', 'ipsec', 'none']

function backendOf(agreement: Agreement, notes: ImportNote[]): Backend | undefined {
  if (agreement.kind === 'unwritten') return undefined
  const [text = ''] = agreement.texts
  const known = backends.find((backend) => backend === text)
  if (known === undefined) {
    notes.push({
      what: `flannel-backend ${text}`,
      why: 'spec.cni.flannel.backend has no such value: the plan would change it to vxlan; do not apply it before that is decided',
    })
  }
  return known
}

/** Without flannel nothing reads its options; they stay where they are. */
function unreadOptions(machines: readonly MachineFlags[], notes: ImportNote[]): DocumentMapping {
  const unread = ['flannel-ipv6-masq', 'flannel-external-ip', 'flannel-iface'].filter((key) =>
    machines.some(({ flags }) => (flags.get(key)?.texts ?? ['false'])[0] !== 'false'),
  )
  if (unread.length > 0) notes.push({ what: unread.join(', '), why: 'flannel is off, and nothing reads it' })
  return {}
}

function componentsOf(reader: FieldReader, machines: readonly MachineFlags[], notes: ImportNote[]): DocumentMapping {
  const disable = reader.always('disable')
  const items = disable.kind === 'unwritten' ? [] : disable.texts
  const known = componentSwitches.flatMap((one) => (one.kind === 'disable-item' ? [one.item] : []))
  const others = [...new Set(items.filter((item) => !known.includes(item)))]
  const [further, nameless] = [others.filter(isDisableItem), others.filter((item) => !isDisableItem(item))]
  if (nameless.length > 0) {
    notes.push({
      what: `disable names ${nameless.map((item) => JSON.stringify(item)).join(', ')}`,
      why: 'that is no name of a file, and an empty one has K3s delete every manifest; the plan would take it off the list',
    })
  }
  const entries = componentSwitches.map((one): [string, DocumentValue | undefined] => {
    if (one.kind === 'disable-item') return [one.key, items.includes(one.item) ? { enabled: false } : undefined]
    const agreement = reader.always(one.flag)
    if (agreement.kind === 'unwritten') return [one.key, undefined]
    const enabled = agreement.texts[0] !== 'true'
    const external = one.key === 'cloudController' && !enabled && machines.every(waitsForCloud)
    return [one.key, { enabled, ...(external ? { external } : {}) }]
  })
  const byKey = new Map<string, DocumentValue | undefined>([
    ...entries,
    ['disable', further.length === 0 ? undefined : further],
  ])
  const namespace = reader.text('servicelb-namespace', isDnsLabel, 'the name of a namespace')
  if (namespace !== undefined) {
    const isOff = items.includes('servicelb')
    byKey.set('servicelb', { ...(isOff ? { enabled: false } : {}), namespace })
  }
  const fields = [...fieldOrder, 'disable']
  return written(Object.fromEntries(fields.map((key) => [key, byKey.get(key)])))
}

/**
 * Every kubelet is told already what the field `external` would have it told: to wait for another cloud controller and,
 * on a node of two families, its addresses.
 */
function waitsForCloud({ flags }: MachineFlags): boolean {
  const args = flags.get('kubelet-arg')?.texts ?? []
  const isDual = (flags.get('node-ip')?.texts.length ?? 0) > 1
  return args.includes('cloud-provider=external') && (!isDual || args.some((arg) => arg.startsWith('node-ip=')))
}

/** As the schema has them. */
const fieldOrder = [
  'coredns',
  'traefik',
  'servicelb',
  'networkPolicy',
  'cloudController',
  'helmController',
  'kubeProxy',
  'metricsServer',
  'localStorage',
] as const satisfies readonly (keyof ClusterNetwork['spec']['components'])[]

/** What is not written is absent. */
export function written(fields: Readonly<Record<string, DocumentValue | undefined>>): DocumentMapping {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): [string, DocumentValue][] =>
      value === undefined ? [] : [[key, value]],
    ),
  )
}

/** As `spec.components.disable` takes it. */
function isDisableItem(item: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,252})*$/.test(item)
}

import { type Address, parseAddress } from '../../domain/cidr.ts'
import { isSwitchedOn, itemsOf, scalarOf } from '../../k3s/config/effective-settings.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'

/** An address and how it was written. */
export interface KnownAddress extends Address {
  readonly text: string
}

/** Addresses that the node announces, from its settings, else from the cluster. */
export function internalAddresses({ settings, facts }: NodeSubject): readonly KnownAddress[] {
  const written = itemsOf(settings, 'node-ip').map((item) => item.text)
  return parsed(written.length > 0 ? written : facts.addresses)
}

export function externalAddresses({ settings, facts }: NodeSubject): readonly KnownAddress[] {
  const written = itemsOf(settings, 'node-external-ip').map((item) => item.text)
  return parsed(written.length > 0 ? written : (facts.externalAddresses ?? []))
}

/** Assumed facts hold two nodes that stand for all: their number and addresses mean nothing. */
export function knowsNodes(subject: LintSubject): boolean {
  return subject.facts.origin !== 'assumed'
}

/**
 * Servers that keep the cluster's data in their own etcd: those that carry its label, and, where one was started with
 * `cluster-init`, those without another datastore.
 */
export function etcdServersOf(subject: LintSubject): readonly NodeSubject[] {
  const servers = serversOf(subject)
  const isEtcd = servers.some((server) => isSwitchedOn(server.settings, 'cluster-init'))
  return servers.filter((server) => {
    if (server.facts.labels['node-role.kubernetes.io/etcd'] === 'true') return true
    const elsewhere = scalarOf(server.settings, 'datastore-endpoint') !== undefined
    return isEtcd && !elsewhere && !isSwitchedOn(server.settings, 'disable-etcd')
  })
}

function parsed(texts: readonly string[]): readonly KnownAddress[] {
  return texts.flatMap((text) => {
    const address = parseAddress(text.trim())
    return address === undefined ? [] : [{ ...address, text: text.trim() }]
  })
}

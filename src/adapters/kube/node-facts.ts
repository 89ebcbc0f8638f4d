import type { NodeFacts, Taint } from '../../domain/facts.ts'
import { asList, asRecord, type Json, known, textIn, textMapIn, textsIn, unlessEmpty } from '../../domain/plain-json.ts'
import { roleInCluster } from '../../k3s/node-role.ts'
import { annotationsOf } from './cluster-objects.ts'
import { withoutSecretArguments } from './node-arguments.ts'

/** A Node of the API in the words of the facts; undefined for what has no name. */
export function nodeFacts(node: Json): NodeFacts | undefined {
  const metadata = asRecord(node['metadata'])
  const { nodeInfo, addresses, conditions } = asRecord(node['status'])
  const name = textIn(metadata['name'])
  if (name === undefined) return undefined
  const labels = textMapIn(metadata['labels'])
  const annotations = annotationsOf(metadata)
  return known<NodeFacts>({
    name,
    role: roleInCluster({ labels, annotations }),
    labels,
    addresses: addressesOf(addresses, 'InternalIP'),
    externalAddresses: unlessEmpty(addressesOf(addresses, 'ExternalIP')),
    annotations: withoutSecretArguments(annotations),
    podCIDRs: unlessEmpty(textsIn(asRecord(node['spec'])['podCIDRs'])),
    taints: asList(asRecord(node['spec'])['taints']).flatMap(taintOf),
    isReady: isReady(conditions),
    operatingSystem: operatingSystemIn(asRecord(nodeInfo)['operatingSystem']),
    k3sVersion: textIn(asRecord(nodeInfo)['kubeletVersion']),
  })
}

function addressesOf(addresses: unknown, type: string): readonly string[] {
  return asList(addresses)
    .map(asRecord)
    .flatMap((one) => (one['type'] === type ? (textIn(one['address']) ?? []) : []))
}

function taintOf(value: unknown): Taint[] {
  const { key, value: text, effect } = asRecord(value)
  if (typeof key !== 'string') return []
  if (effect !== 'NoSchedule' && effect !== 'PreferNoSchedule' && effect !== 'NoExecute') return []
  return [known<Taint>({ key, value: textIn(text), effect })]
}

/** `Unknown` is what a node becomes that is not heard of any more. */
export function isReady(conditions: unknown): boolean | undefined {
  const ready = asList(conditions)
    .map(asRecord)
    .find((condition) => condition['type'] === 'Ready')
  return ready === undefined ? undefined : ready['status'] === 'True'
}

function operatingSystemIn(value: unknown): NodeFacts['operatingSystem'] {
  return value === 'linux' || value === 'windows' ? value : undefined
}

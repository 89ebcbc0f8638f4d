import { formatAddress, parseAddress } from '../../domain/cidr.ts'
import { itemsOf } from '../../k3s/config/effective-settings.ts'
import { nodeBefore } from '../consistency/changes.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { etcdAddressAnnotation, holdsEtcd } from './embedded-etcd.ts'
import { isSurelyServer } from './nameless.ts'

export const serverAddressChange: Rule = {
  id: 'node-ip-server-change',
  severity: 'error',
  title: 'a member of etcd gets another address',
  why: 'the other members know it by the old one, and K3s refuses to start a member whose address is not the registered one',
  fix: 'put the old address back; or remove the server from the cluster, wipe it and let it join again with the new address',
  versions: 'every version',
  looksAt: ['settings', 'live', 'before'],
  sources: ['k3s-io/k3s pkg/etcd/etcd.go'],
  check: (subject) =>
    subject.nodes.flatMap((node): Finding[] => {
      const wanted = itemsOf(node.settings, 'node-ip')
      const former = nodeBefore(subject, node)
      const isServer = former === undefined ? isSurelyServer(subject, node) : former.role === 'server'
      const isMember = isServer && (holdsEtcd(node) || (former !== undefined && holdsEtcd(former)))
      if (wanted.length === 0 || !isMember) return []
      const current = canonical(currentAddress(subject, node))
      const [first] = wanted
      if (current === undefined || first === undefined) return []
      if (wanted.some(({ text }) => canonical(text) === current)) return []
      return [
        { at: first.at, what: `server ${node.name} is a member of etcd at ${current}, and node-ip is ${first.text}` },
      ]
    }),
}

/** What the member is known by: its own annotation, else what it was told, else what the Node announces. */
function currentAddress(subject: LintSubject, node: NodeSubject): string | undefined {
  const annotated = node.facts.annotations?.[etcdAddressAnnotation]?.split(',')[0]
  if (annotated !== undefined) return annotated
  const former = nodeBefore(subject, node)
  const told = former === undefined ? undefined : itemsOf(former.settings, 'node-ip')[0]?.text
  const { origin } = subject.facts
  return told ?? (origin === 'live' || origin === 'capture' ? node.facts.addresses[0] : undefined)
}

function canonical(text: string | undefined): string | undefined {
  const address = text === undefined ? undefined : parseAddress(text)
  return address === undefined ? undefined : formatAddress(address)
}

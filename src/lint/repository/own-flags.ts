import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import type { DesiredState, DocumentPath } from '../../schema/documents.ts'
import { openValue } from '../../text/secret-values.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { type DocumentFlag, documentFlags, textsOfFlag } from './document-flags.ts'

/** Flags that the documents have a field for, by the field. */
const fields: Readonly<Record<string, string>> = {
  'cluster-cidr': 'spec.addressing.clusterCIDR',
  'service-cidr': 'spec.addressing.serviceCIDR',
  'service-node-port-range': 'spec.addressing.serviceNodePortRange',
  'cluster-dns': 'spec.addressing.clusterDNS',
  'cluster-domain': 'spec.addressing.clusterDomain',
  'flannel-backend': 'spec.cni.flannel.backend',
  'flannel-ipv6-masq': 'spec.cni.flannel.ipv6Masq',
  'flannel-external-ip': 'spec.cni.flannel.externalIP',
  'flannel-iface': 'spec.cni.flannel.interface',
  'flannel-conf': 'spec.cni.flannel',
  disable: 'spec.components',
  'disable-network-policy': 'spec.components.networkPolicy.enabled',
  'disable-kube-proxy': 'spec.components.kubeProxy.enabled',
  'disable-cloud-controller': 'spec.components.cloudController.enabled',
  'disable-helm-controller': 'spec.components.helmController.enabled',
  'servicelb-namespace': 'spec.components.servicelb.namespace',
}

/** The same, on the NodeNetwork. */
const nodeFields: Readonly<Record<string, string>> = {
  'node-ip': 'spec.nodeIP',
  'node-external-ip': 'spec.externalIP',
  'node-name': 'spec.nodeName',
  'flannel-iface': 'spec.flannelInterface',
}

export const flagHasField: Rule = {
  id: 'repo-flag-has-field',
  severity: 'error',
  title: 'a flag is written in k3sFlags that has a field of its own',
  why: 'the two could say different things, and rules and plans look at the field',
  fix: 'write the field instead',
  versions: 'every version',
  looksAt: [],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired }) {
    return (desired === undefined ? [] : ownFlags(desired)).flatMap(({ key, place, known }): Finding[] => {
      const field = known[canonical(key)]
      return field === undefined
        ? []
        : [{ at: place, what: `${key} is what ${field} says`, fix: `write ${field} instead` }]
    })
  },
}

export const flagHoldsSecret: Rule = {
  id: 'repo-flag-secret',
  severity: 'error',
  title: 'a secret flag is written in the repository',
  why: 'everyone who can read the repository, or its history, can read it',
  fix: 'take it out, change the secret itself, and give K3s a file that only the machine has (token-file, vpn-auth-file)',
  versions: 'every version',
  looksAt: [],
  sources: ['k3s-io/docs docs/cli/server.md', 'k3s-io/docs docs/cli/agent.md'],
  check({ desired }) {
    if (desired === undefined) return []
    const secretFlags = ownFlags(desired)
      .filter(({ key }) => findFlag(key)?.isSecret === true)
      .map(({ key, place }) => ({
        at: { place: place.place },
        what: `${key} is a secret and stands here in plain text`,
        ...outsideOfRepository(key),
      }))
    return [...secretFlags, ...documentFlags(desired).flatMap(secretsInside)]
  },
}

/** How K3s is told a secret that has no file of its own: in the variable of the flag. */
function outsideOfRepository(key: string): Pick<Finding, 'fix'> {
  const flag = findFlag(key)
  if (flag?.environment === undefined || flag.name === 'token' || flag.name === 'vpn-auth') return {}
  return {
    fix: `take it out, change the secret itself, and write ${flag.environment} into the environment file of the service (/etc/systemd/system/k3s.service.env)`,
  }
}

/** Values of other flags that hold a password or token of their own: an argument of a process, an address. */
function secretsInside(flag: DocumentFlag): readonly Finding[] {
  if (findFlag(flag.key)?.isSecret === true) return []
  const isList = Array.isArray(flag.value)
  return textsOfFlag(flag).flatMap((text, index): Finding[] => {
    if (openValue(flag.writtenKey, text) === text) return []
    const argument = /^(?:--)?([\w.-]+)=/.exec(text)?.[1]
    return [
      {
        at: { place: flag.place(isList ? [index] : []).place },
        what: `${argument === undefined ? flag.writtenKey : `${argument} in ${flag.writtenKey}`} holds what looks like a secret, in plain text`,
        fix: 'take it out, change the secret itself, and let the option name a file that only the machine has, or write it into the configuration on the machine',
      },
    ]
  })
}

/** The flags of each `k3sFlags`, long names first whatever their order, secret ones without their line. */
export function ownFlagMaps({
  desired,
}: LintSubject): readonly (readonly { readonly key: string; readonly at: Finding['at'] }[])[] {
  if (desired === undefined) return []
  const byMap = Map.groupBy(ownFlags(desired), ({ of }) => of)
  const rank = ({ key }: OwnFlag): string => `${Number(canonical(key) !== key)}${key}`
  return [...byMap.values()].map((flags) =>
    flags
      .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
      .map(({ key, place }) => ({ key, at: findFlag(key)?.isSecret === true ? { place: place.place } : place })),
  )
}

interface OwnFlag {
  /** Which mapping of which document. */
  readonly of: string
  readonly key: string
  readonly place: Finding['at']
  readonly known: Readonly<Record<string, string>>
}

function ownFlags({ cluster, nodes, places }: DesiredState): OwnFlag[] {
  const { servers, nodes: everyNode } = cluster.spec.k3sFlags
  const inCluster = (flags: object, path: DocumentPath): OwnFlag[] =>
    Object.keys(flags).map((key) => ({
      of: path.join('.'),
      key,
      place: places.clusterPlace([...path, key]),
      known: fields,
    }))
  return [
    ...inCluster(servers, ['spec', 'k3sFlags', 'servers']),
    ...inCluster(everyNode, ['spec', 'k3sFlags', 'nodes']),
    ...nodes.flatMap(({ metadata, spec }) =>
      Object.keys(spec.k3sFlags).map((key) => ({
        of: `NodeNetwork ${metadata.name}`,
        key,
        place: places.nodePlace(metadata.name, ['spec', 'k3sFlags', key]),
        known: { ...fields, ...nodeFields },
      })),
    ),
  ]
}

function canonical(key: string): string {
  return findFlag(key)?.name ?? key
}

import type { Facts, KubernetesObject, NodeFacts, NodeRole, ServiceFacts } from '../domain/facts.ts'
import type { HostReading } from '../domain/host.ts'
import type { NodeConfigReading } from '../domain/k3s-config-reading.ts'
import type { LocatedLine } from '../domain/problem.ts'
import type { EffectiveSettings } from '../k3s/config/effective-settings.ts'
import type { K3sVersion } from '../k3s/version/k3s-version.ts'
import type { DesiredState, ManifestSource, NodeNetwork } from '../schema/documents.ts'

/**
 * What the rules look at: one cluster, as a repository wants it, as a capture shows it, or one machine as it is. Every
 * part knows where it was written. What is absent is not known, and a rule that needs it finds nothing.
 */
export interface LintSubject {
  readonly scope: 'repository' | 'capture' | 'machine'
  readonly clusterName: string
  /** Where findings about the cluster as a whole are shown. */
  readonly at: LocatedLine
  /** The release that the cluster runs, or is meant to run. */
  readonly version?: K3sVersion
  readonly nodes: readonly NodeSubject[]
  /** Objects of manifests and charts, rendered ones among them, and of the live cluster. */
  readonly objects: readonly ObjectSubject[]
  /** Files for, or in, the manifests directory. */
  readonly manifests: readonly ManifestSubject[]
  /** Facts of the living cluster; assumed ones hold no Services and two nameless nodes. */
  readonly facts: Facts
  readonly services: readonly ServiceSubject[]
  /** The documents, where the subject is a repository. */
  readonly desired?: DesiredState
  /** The same cluster before the change, where something before is known: a capture, another revision. */
  readonly before?: LintSubject
}

export interface NodeSubject {
  readonly name: string
  readonly role: NodeRole
  /** Where findings about the node as a whole are shown. */
  readonly at: LocatedLine
  readonly version?: K3sVersion
  readonly facts: NodeFacts
  /** What K3s on this node is, or would be, told. */
  readonly settings: EffectiveSettings
  /** The configuration files and arguments behind the settings, as they were found; empty for rendered settings. */
  readonly config?: NodeConfigReading
  readonly flannelConf?: TextSubject
  readonly flannelCniConf?: TextSubject
  /** NodeNetworks of the repository that select the node. */
  readonly networks: readonly NodeNetwork[]
  readonly host?: HostReading
}

export interface ManifestSubject extends ManifestSource {
  /** Staged by K3s itself. */
  readonly isPackaged?: boolean
}

export interface ObjectSubject {
  readonly object: KubernetesObject
  readonly at: LocatedLine
  /** Where the value at a path is written: `['spec', 'valuesContent']`. */
  place(path: readonly (string | number)[]): LocatedLine
  readonly origin: 'repository' | 'rendered' | 'machine' | 'live'
}

export interface ServiceSubject {
  readonly service: ServiceFacts
  readonly at: LocatedLine
  readonly origin: ObjectSubject['origin']
}

/** A file that a flag names, with its text. */
export interface TextSubject {
  readonly path: string
  readonly text: string
  readonly at: LocatedLine
}

const knownServers = new WeakMap<readonly NodeSubject[], readonly NodeSubject[]>()

/** Rules ask for every node: of thousands, the servers are looked for once. */
export function serversOf(subject: LintSubject): readonly NodeSubject[] {
  const servers = knownServers.get(subject.nodes) ?? subject.nodes.filter((node) => node.role === 'server')
  knownServers.set(subject.nodes, servers)
  return servers
}

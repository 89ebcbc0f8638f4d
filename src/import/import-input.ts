import type { Facts, NodeRole } from '../domain/facts.ts'
import type { NodeConfigReading } from '../domain/k3s-config-reading.ts'
import type { ObservedFile } from '../domain/observation.ts'
import type { Problem } from '../domain/problem.ts'

/** A cluster as it was found: machines that were looked at, and what the API says of all of it. */
export interface ImportInput {
  /** Name of the cluster and of its directory. */
  readonly name: string
  /** The release that the cluster runs: `v1.33.4+k3s1`. */
  readonly k3sVersion: string
  readonly machines: readonly ImportedMachine[]
  /** Of the living cluster; absent where nobody asked it. */
  readonly facts?: Facts
}

/** One node with everything that tells its K3s how to run. */
export interface ImportedMachine {
  /** As it is called in the cluster. */
  readonly name: string
  readonly role: NodeRole
  readonly reading: NodeConfigReading
  /** Where the reading is from: the files of the machine, or what the API says that its K3s was started with. */
  readonly source: 'files' | 'annotation'
  /** Below the manifests directory, by name: `sub/lan.yaml`; absent where nobody could look. */
  readonly manifests?: ReadonlyMap<string, ObservedFile>
  /** Where what was read says which release is installed: a cloud-init file. */
  readonly k3sVersion?: string
  /** When its K3s was started. */
  readonly startedAtMs?: number
  /** Of the files that the reading was made from. */
  readonly problems: readonly Problem[]
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[]
}

export interface ImportedCluster {
  /** By path below the cluster directory: `network.yaml`, `nodes/pi-1.yaml`, `manifests/lan.yaml`. */
  readonly files: readonly { readonly path: string; readonly text: string }[]
  /** What was found and is in none of the files, in the order in which it is to be read. */
  readonly notes: readonly ImportNote[]
}

/** Something that was found and could not be expressed. Never holds a secret. */
export interface ImportNote {
  /** What was found, and where: `write-kubeconfig-mode (/etc/rancher/k3s/config.yaml:3)`. */
  readonly what: string
  /** Why it is left out, and what becomes of it. */
  readonly why: string
}

/** For people: `pi-1`, `pi-1 and pi-2`, `pi-1, pi-2 and pi-3`. */
export function namesOf(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

import type { Brand } from './brand.ts'

/** Identity of one item of a program: `file:/etc/…`, `node-labels:pi-1`, `service-labels:kube-system/traefik`. */
export type ArtefactId = Brand<string, 'ArtefactId'>

/** The only places of a machine that a program may write to; the paths behind them are in `k3s/locations.ts`. */
export type FileLocation = 'k3s-config' | 'flannel-conf' | 'manifest'

/** One complete file. Its mode is always 0600 and that of its directories 0700. */
export interface FileArtefact {
  readonly kind: 'file'
  readonly id: ArtefactId
  readonly location: FileLocation
  /** Absolute, as K3s sees it; the machine's root is put in front when it is written. */
  readonly path: string
  readonly text: string
  /**
   * Only for a file that is encrypted in the repository. `encrypted`: the text is ciphertext, as in every program that
   * is stored or sent. `decrypted`: the text is in the clear, in memory, and is shown nowhere. `locked`: it could not be
   * decrypted here, and what stands at the path stays as it is.
   */
  readonly secrecy?: 'encrypted' | 'decrypted' | 'locked'
  /** What in the repository it comes from: `spec.components.traefik`, `clusters/home/manifests/lan.yaml`. */
  readonly origin: string
}

/** Labels and annotations that are ours on an object that is somebody else's. */
export interface LabelsArtefact {
  readonly kind: 'node-labels' | 'service-labels'
  readonly id: ArtefactId
  /** Node name, or `namespace/name` of a Service. */
  readonly object: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly origin: string
}

export function fileId(path: string): ArtefactId {
  return `file:${path}` as ArtefactId
}

export function labelsId(kind: LabelsArtefact['kind'], object: string): ArtefactId {
  return `${kind}:${object}` as ArtefactId
}

/** Bytewise, like K3s orders its manifests. */
export function compareById(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

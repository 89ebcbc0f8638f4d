import { type ArtefactId, type FileArtefact, type FileLocation, fileId } from '../../src/domain/artefact.ts'
import type { FileChange } from '../../src/domain/change.ts'
import type { Inventory } from '../../src/domain/inventory.ts'
import type { NodeObservation, ObservedFile } from '../../src/domain/observation.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import type { PlanInput } from '../../src/plan/plan-input.ts'
import { sha256Hex } from '../../src/text/digest.ts'

export const manifests = '/var/lib/rancher/k3s/server/manifests'
export const nowMs = 1_000_000_000

export function file(path: string, text: string, location: FileLocation = 'manifest'): FileArtefact {
  return { kind: 'file', id: fileId(path), location, path, text, origin: 'spec' }
}

export function program(files: readonly FileArtefact[], extra: Partial<NodeProgram> = {}): NodeProgram {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    cluster: 'home',
    node: 'pi-1',
    role: 'server',
    k3sVersion: 'v1.33.4+k3s1',
    files,
    packaged: { disabled: [], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' },
    drift: { packagedFiles: 'Restore', drops: 'Allow' },
    digest: sha256Hex(JSON.stringify(files)),
    ...extra,
  }
}

export function observed(path: string, text: string, extra: Partial<ObservedFile> = {}): ObservedFile {
  return {
    path,
    type: 'file',
    mode: 0o600,
    ownerUid: 0,
    modifiedAtMs: nowMs,
    sizeBytes: Buffer.byteLength(text),
    digest: sha256Hex(text),
    text,
    ...extra,
  }
}

export function observation(...files: readonly ObservedFile[]): NodeObservation {
  return { files: new Map(files.map((one) => [one.path, one])), refusals: [] }
}

/** @param entries path → content that was last written there */
export function inventory(
  entries: Readonly<Record<string, string>>,
  owner: 'program' | 'packaged' = 'program',
): Inventory {
  return {
    entries: new Map(
      Object.entries(entries).map(([path, text]) => {
        const id: ArtefactId = fileId(path)
        return [id, { id, digest: sha256Hex(text), revision: 'main@sha1:0', class: owner }]
      }),
    ),
  }
}

export function planInput(extra: Partial<PlanInput> = {}): PlanInput {
  return {
    program: program([]),
    observation: observation(),
    inventory: inventory({}),
    engine: 'builtin',
    packaged: { kind: 'bundle', files: new Map() },
    config: undefined,
    unreadConfig: [],
    hasK3s: true,
    takenOver: {},
    placeFlags: false,
    restage: false,
    nowMs,
    previous: undefined,
    k3sUpForMs: 600_000,
    ...extra,
  }
}

/** `create /etc/… Revision`, without the directory of the manifests. */
export function describe(change: FileChange): string {
  const path = 'after' in change ? change.after.path : change.before.path
  return `${change.kind} ${path.replace(`${manifests}/`, '')} ${change.cause}`
}

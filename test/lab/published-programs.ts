import { type FileArtefact, fileId } from '../../src/domain/artefact.ts'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import type { FilterProgram } from '../../src/domain/packet-filter.ts'
import type { PodRoutePeer } from '../../src/domain/pod-routes.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import type { PublishedProgram } from '../../src/domain/published-program.ts'
import { k3sPaths } from '../../src/k3s/locations.ts'
import { programDigest } from '../../src/schema/program/node-program.ts'
import { createSigningKey, readSigningKey, signProgram } from '../../src/text/program-signature.ts'

/** The parts of a program that a test is about; everything else is as small as can be. */
export interface ProgramDraft {
  readonly node?: string
  readonly manifests?: Readonly<Record<string, string>>
  readonly filter?: FilterProgram
  readonly peers?: readonly PodRoutePeer[]
}

export function nodeProgram({ node = 'pi-1', manifests = {}, filter, peers }: ProgramDraft = {}): NodeProgram {
  const network: NetworkProgram = {
    plane: 'iptables',
    ...(filter === undefined ? {} : { filter }),
    routes: [],
    routingRules: [],
    sysctls: [],
    ...(peers === undefined ? {} : { podRoutes: podRoutes(peers) }),
    cleanups: [],
    probes: [],
    failsafe: { flows: [] },
    confirmTimeoutMs: 60_000,
  }
  const program: Omit<NodeProgram, 'digest'> = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    cluster: 'home',
    node,
    role: 'server',
    k3sVersion: 'v1.33.4+k3s1',
    files: [dropIn(node), ...Object.entries(manifests).map(([name, text]) => manifestFile(name, text))],
    packaged: { disabled: ['traefik'], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' },
    drift: { packagedFiles: 'Restore', drops: 'Allow' },
    ...(filter === undefined && peers === undefined ? {} : { network }),
  }
  return { ...program, digest: programDigest(program) }
}

function podRoutes(peers: readonly PodRoutePeer[]): NetworkProgram['podRoutes'] & object {
  return { backend: 'host-gw', directRouting: false, clusterCIDRs: ['10.42.0.0/16'], peers, isComplete: true }
}

function dropIn(node: string): FileArtefact {
  return file('k3s-config', k3sPaths.managedDropIn, `node-name: "${node}"\n`, 'spec')
}

function manifestFile(name: string, text: string): FileArtefact {
  return file('manifest', `${k3sPaths.manifests}/${name}`, text, `clusters/home/manifests/${name}`)
}

function file(location: FileArtefact['location'], path: string, text: string, origin: string): FileArtefact {
  return { kind: 'file', id: fileId(path), location, path, text, origin }
}

/** `n-0000` and so on, in the order in which programs have them. */
export function peersOf(count: number): readonly PodRoutePeer[] {
  return Array.from({ length: count }, (_, index) => ({
    node: `n-${String(index).padStart(4, '0')}`,
    podCIDRs: [`10.${42 + (index >> 8)}.${index & 255}.0/24`],
    addresses: [`192.168.${index >> 8}.${index & 255}`],
  }))
}

export function peersWithout(peers: readonly PodRoutePeer[], node: string): readonly PodRoutePeer[] {
  return peers.filter((peer) => peer.node !== node)
}

export const testKey = readSigningKey(createSigningKey())

export const unsignedProgram: Omit<PublishedProgram, 'signature'> = {
  format: 1,
  cluster: 'home',
  clusterUID: '0b6c5f1e-7d5f-4b2e-9b0a-3a4c5d6e7f80',
  node: 'pi-1',
  sequence: 7,
  revision: { name: 'main@abc1234', commit: 'abc1234'.padEnd(40, '0'), author: 'Ada', subject: 'Open port 80' },
  digest: 'a'.repeat(64),
  program: { pieces: ['{}'] },
  permit: { program: 'a'.repeat(64) },
}

export const publishedProgram: PublishedProgram = signProgram(unsignedProgram, testKey)

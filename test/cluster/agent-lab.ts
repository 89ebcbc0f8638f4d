import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openProgramCache } from '../../src/adapters/disk/program-cache.ts'
import { openAgentApi } from '../../src/adapters/kube/agent-api.ts'
import { type FileArtefact, fileId } from '../../src/domain/artefact.ts'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import { contentName, fairleadKinds, fairleadNames, fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import type { NodeProgramStatus, PublishedProgram } from '../../src/domain/published-program.ts'
import type { ClockPort } from '../../src/ports/clock-port.ts'
import type { KubeObjectsPort } from '../../src/ports/kube-objects-port.ts'
import type { NodeApiPort } from '../../src/ports/node-api-port.ts'
import type { ProgramCachePort } from '../../src/ports/program-cache-port.ts'
import { type ApiSource, apiSource } from '../../src/reconcile/api-source.ts'
import type { SourceState } from '../../src/reconcile/source-state.ts'
import { agentRoles, sharedAgentRoles } from '../../src/render/agent-roles.ts'
import { packProgram } from '../../src/render/pack-program.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import { programDigest } from '../../src/schema/program/node-program.ts'
import { createSigningKey, readSigningKey, type SigningKey, signProgram } from '../../src/text/program-signature.ts'
import { type RecordedLine, recordingLog } from '../lab/recording-log.ts'
import type { TestApiServer } from './api-server.ts'

export const signal = new AbortController().signal
export const clusterUID = '5a1f7e0e-0000-4000-8000-000000000001'
const text = (data: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ours}\ndata: {k: "${data}"}\n`

/** A program of one manifest. */
export function programFor(
  node: string,
  data: string,
  change: Partial<Pick<NodeProgram, 'cluster' | 'files'>> = {},
): NodeProgram {
  const program: Omit<NodeProgram, 'digest'> = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    cluster: 'home',
    node,
    role: 'server',
    k3sVersion: 'v1.33.4+k3s1',
    files: [manifest('ours.yaml', text(data))],
    packaged: { disabled: [], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' },
    drift: { packagedFiles: 'Report', drops: 'Allow' },
    ...change,
  }
  return { ...program, digest: programDigest(program) }
}

export function manifest(name: string, content: string): FileArtefact {
  const path = `/var/lib/rancher/k3s/server/manifests/${name}`
  return { kind: 'file', id: fileId(path), location: 'manifest', path, text: content, origin: `manifests/${name}` }
}

/** What a controller writes, written by the test. */
export class TestController {
  readonly key: SigningKey
  readonly objects: KubeObjectsPort
  #sequence = 0

  constructor(objects: KubeObjectsPort, key = readSigningKey(createSigningKey())) {
    this.objects = objects
    this.key = key
  }

  envelope(program: NodeProgram, change: Partial<Omit<PublishedProgram, 'signature'>> = {}): PublishedProgram {
    this.#sequence += 1
    const revision = { name: `main@${this.#sequence}`, commit: 'c', author: 'ada', subject: 's' }
    const envelope = {
      format: 1,
      cluster: program.cluster,
      clusterUID,
      node: program.node,
      sequence: this.#sequence,
      revision,
      digest: program.digest,
      program: { ...packProgram(program).program },
      ...change,
    }
    return signProgram(envelope, this.key)
  }

  async publish(
    program: NodeProgram,
    change: Partial<Omit<PublishedProgram, 'signature'>> = {},
  ): Promise<PublishedProgram> {
    for (const [digest, data] of packProgram(program).contents) await this.putContent(digest, data)
    const published = this.envelope(program, change)
    await this.put(program.node, published)
    return published
  }

  async putContent(digest: string, data: string): Promise<void> {
    await this.apply({ ...fairleadKinds.programContent, ...named(contentName(digest)), data })
  }

  /** Any spec at all, under the name of a node. */
  async put(node: string, spec: object): Promise<void> {
    const live = await this.get(node)
    const object = { ...fairleadKinds.nodeProgram, ...named(node), spec }
    if (live === undefined) await this.objects.create(object, {}, signal)
    else {
      const metadata = { ...object.metadata, resourceVersion: live.metadata.resourceVersion }
      await this.objects.replace({ ...object, metadata }, {}, signal)
    }
  }

  async delete(node: string): Promise<void> {
    await this.objects.delete({ ...fairleadKinds.nodeProgram, ...named(node).metadata }, {}, signal)
  }

  async statusOf(node: string): Promise<NodeProgramStatus | undefined> {
    const status = (await this.get(node))?.['status']
    return status === undefined ? undefined : (status as NodeProgramStatus)
  }

  async get(node: string) {
    return await this.objects.get({ ...fairleadKinds.nodeProgram, ...named(node).metadata }, signal)
  }

  async tellKey(): Promise<void> {
    const data = { [this.key.keyId]: this.key.publicPem }
    await this.apply({ apiVersion: 'v1', kind: 'ConfigMap', ...named(fairleadNames.publicKeys), data })
  }

  async apply(object: KubernetesObject): Promise<void> {
    await this.objects.apply(object, { force: true }, signal)
  }
}

function named(name: string) {
  return { metadata: { name, namespace: fairleadNamespace } }
}

/** Kinds, namespace and the roles of some nodes. */
export async function prepareCluster(objects: KubeObjectsPort, nodes: readonly string[]): Promise<void> {
  await objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: fairleadNamespace } }, {}, signal)
  for (const crd of fairleadCrds()) await objects.apply(crd, {}, signal)
  for (const kind of Object.values(fairleadKinds)) {
    await until(async () => (await objects.resource(kind, signal)) !== undefined, `${kind.kind} is served`)
  }
  await until(async () => {
    await objects.list({ ...fairleadKinds.nodeProgram, namespace: fairleadNamespace }, signal)
    return true
  }, 'NodePrograms can be listed')
  for (const role of [...sharedAgentRoles('home'), ...nodes.flatMap((node) => agentRoles(node, 'home'))]) {
    await objects.apply(role, {}, signal)
  }
}

export interface TestAgentSource {
  readonly source: ApiSource
  readonly cache: ProgramCachePort
  readonly lines: readonly RecordedLine[]
  readonly hints: () => number
  read(known?: SourceState): Promise<SourceState | undefined>
}

/** The source of one node's agent, as that node, on the real API. */
export async function agentSource(
  server: Pick<TestApiServer, 'kubeconfigOf'>,
  node: string,
  stateDirectory: string,
  options: {
    readonly controllerKeys?: (() => Promise<readonly string[]>) | undefined
    readonly kubeconfig?: string
    readonly adoptedFor?: string
    readonly api?: NodeApiPort
  } = {},
): Promise<TestAgentSource> {
  const log = recordingLog()
  const cache = openProgramCache({ stateDirectory, log })
  const kubeconfig = options.kubeconfig ?? server.kubeconfigOf(`system:node:${node}`, ['system:nodes'])
  const adoption = options.adoptedFor
  const clock: ClockPort = systemClock()
  const source = apiSource(
    {
      node,
      cluster: undefined,
      agentVersion: '0.1.0',
      controllerKeys: options.controllerKeys,
    },
    {
      api: options.api ?? openAgentApi({ kubeconfigs: [kubeconfig], root: '/', servers: () => [] }),
      cache,
      state: {
        readAdoption: async () =>
          adoption === undefined ? undefined : { cluster: adoption, node, adoptedAt: '', takenOver: {} },
        readLastGood: async () => undefined,
      },
      clock,
      log,
    },
  )
  let hints = 0
  await source.start?.(() => {
    hints += 1
  })
  return {
    source,
    cache,
    lines: log.lines,
    hints: () => hints,
    read: (known = { kind: 'unread' }) => source.read(known, false, signal),
  }
}

export async function until(isTrue: () => Promise<boolean>, what: string, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      if (await isTrue()) return
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}; ${String(last)}`)
    await sleep(20)
  }
}

export function digestIn(state: SourceState | undefined): string | undefined {
  return state?.kind === 'compiled' ? state.candidate.program.digest : undefined
}

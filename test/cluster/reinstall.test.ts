import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openNodeFiles } from '../../src/adapters/disk/node-files.ts'
import { openNodeState } from '../../src/adapters/disk/node-state.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { leaveController } from '../../src/agent/leave-controller.ts'
import { fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import { openSigningKey } from '../../src/reconcile/controller/signing-key.ts'
import { applyInstallation } from '../../src/reconcile/install/apply-installation.ts'
import type { SourceState } from '../../src/reconcile/source-state.ts'
import { ownApi } from '../../src/render/install/installation.ts'
import { nodeAgentName, podSelector } from '../../src/render/install/installation-labels.ts'
import { installationObjects } from '../../src/render/install/installation-objects.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import type { SigningKey } from '../../src/text/program-signature.ts'
import { recordingLog } from '../lab/recording-log.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import { agentSource, digestIn, prepareCluster, programFor, signal, TestController } from './agent-lab.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { cutBefore, uninstall } from './cut-uninstall.ts'
import { kubectl } from './kubectl.ts'
import { namespacePath, playControllers, traces } from './uninstall-lab.ts'

const nodes = ['pi-1', 'pi-2']
let server: TestApiServer
let objects: KubeObjects

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
})
afterAll(async () => {
  await objects?.close()
  await server?.stop()
})
beforeEach(() => {
  if (!hasApiServer) return
  const end = new AbortController()
  const controllers = playControllers(server, end.signal)
  onTestFinished(async () => {
    end.abort()
    await controllers
  })
})

/** An installation whose controller has published a program for each node. */
async function install(data: string, nodeAgent: 'daemonset' | 'none' = 'daemonset'): Promise<SigningKey> {
  const installation = { version: '1.0.0', image: 'fairlead:1.0.0', api: ownApi, nodeAgent }
  await applyInstallation(
    [...fairleadCrds(), ...installationObjects(installation)],
    { objects, clock: systemClock() },
    signal,
  )
  await prepareCluster(objects, nodes)
  const key = await openSigningKey(undefined, objects, signal)
  const controller = new TestController(objects, key)
  for (const node of nodes) await controller.publish(programFor(node, data), { sequence: Date.now() })
  return key
}

/** The agent of a node reads its program, with what its disk remembers, and reports when it took it. */
async function readAs(node: string, stateDirectory: string): Promise<SourceState | undefined> {
  const agent = await agentSource(server, node, stateDirectory)
  const state = await agent.read()
  await agent.source.close?.()
  if (state?.kind === 'compiled') {
    await server.writer.setStatus(
      `/apis/fairlead.dev/v1alpha1/namespaces/${fairleadNamespace}/nodeprograms/${node}`,
      reported,
    )
  }
  return state
}

const reported = {
  observedSequence: 1,
  appliedProgram: 'a program',
  appliedRevision: 'main@1',
  verdict: 'settled',
  reason: 'Settled',
  message: 'as wanted',
  conditions: [],
  agentVersion: '1.0.0',
  formats: [1],
}

async function podOn(node: string): Promise<void> {
  await server.writer.create(`${namespacePath}/pods`, {
    metadata: { name: `${nodeAgentName}-${node}`, labels: podSelector('node-agent') },
    spec: { nodeName: node, containers: [{ name: 'a', image: 'a' }] },
  })
}

/** What nobody does here: pods go with their DaemonSet. */
async function endPods(): Promise<void> {
  const daemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: fairleadNamespace, name: nodeAgentName }
  const isThere = async (): Promise<boolean> => (await objects.get(daemonSet, signal)) !== undefined
  await expect.poll(isThere, { timeout: 15_000 }).toBe(false)
  const pods = nodes.map((node) => `${nodeAgentName}-${node}`)
  const atOnce = ['--force', '--grace-period=0', '--ignore-not-found']
  kubectl(server.kubeconfig, ['delete', 'pod', '-n', fairleadNamespace, ...atOnce, ...pods])
}

/** What `fairlead agent uninstall` forgets on a host. */
async function leave(stateDirectory: string): Promise<void> {
  const log = recordingLog()
  const state = openNodeState({ stateDirectory, log })
  const root = await temporaryDirectory()
  await leaveController({ state, stateDirectory, files: openNodeFiles({ root, log }), log })
}

const keyKept = [`Namespace ${fairleadNamespace}`, 'Secret fairlead-signing-key']

clusterTest(
  'agents that were taken off trust the key of the next installation; without that they would not',
  async () => {
    const [left, notLeft] = [await temporaryDirectory(), await temporaryDirectory()]
    const key = await install('first')
    expect(digestIn(await readAs('pi-1', left))).toBe(programFor('pi-1', 'first').digest)
    expect(digestIn(await readAs('pi-2', notLeft))).toBeDefined()
    for (const node of nodes) await podOn(node)
    await leave(left)
    const removal = uninstall(objects)
    await endPods()
    expect(await removal).toEqual({ deleting: [] })
    expect(await traces(server)).toEqual([])

    expect((await install('second')).keyId).not.toBe(key.keyId)
    expect(digestIn(await readAs('pi-1', left))).toBe(programFor('pi-1', 'second').digest)
    expect(await readAs('pi-2', notLeft)).toMatchObject({
      kind: 'refused',
      problems: [{ code: 'PROGRAM_KEY_CHANGED' }],
    })
    expect(await uninstall(objects)).toMatchObject({ deleting: [] })
  },
)

clusterTest('agents that stay hear the next installation, which signs with the key that was kept', async () => {
  const disk = await temporaryDirectory()
  const key = await install('first')
  expect(digestIn(await readAs('pi-1', disk))).toBeDefined()
  for (let write = 1; ; write += 5) {
    const cut = cutBefore(objects, write)
    const ended = await uninstall(cut, { keepNodeAgents: true }).catch(() => undefined)
    if (ended === undefined) continue
    expect(ended).toEqual({ deleting: [], agentsLeft: { nodes: ['pi-1'] } })
    break
  }
  expect(await traces(server)).toEqual(keyKept)

  expect((await install('second')).keyId).toBe(key.keyId)
  expect(digestIn(await readAs('pi-1', disk))).toBe(programFor('pi-1', 'second').digest)
})

clusterTest(
  'where agents were installed by other means the key stays, until a later installation takes them off',
  async () => {
    const disk = await temporaryDirectory()
    await install('first', 'none')
    expect(digestIn(await readAs('pi-1', disk))).toBeDefined()
    for (const _ of ['once', 'again']) {
      expect(await uninstall(objects)).toEqual({ deleting: [], agentsLeft: { nodes: ['pi-1'] } })
      expect(await traces(server)).toEqual(keyKept)
    }
  },
)

saySkipped()

import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { controllerKeys } from '../../src/agent/controller-keys.ts'
import { Failure } from '../../src/domain/failure.ts'
import { contentName } from '../../src/domain/fairlead-api.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { packProgram } from '../../src/render/pack-program.ts'
import { createSigningKey, readSigningKey } from '../../src/text/program-signature.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'
import {
  agentSource,
  digestIn,
  manifest,
  prepareCluster,
  programFor,
  signal,
  type TestAgentSource,
  TestController,
  until,
} from './agent-lab.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

let server: TestApiServer
let objects: KubeObjects
let controller: TestController

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  await prepareCluster(objects, ['disk', 'boot', 'lost', 'turn', 'version', 'silent'])
  controller = new TestController(objects)
  await controller.tellKey()
}, 60_000)
afterAll(async () => {
  await objects?.close()
  await server?.stop()
})

async function agentOf(
  node: string,
  directory: string,
  options: Parameters<typeof agentSource>[3] = {},
): Promise<TestAgentSource> {
  const agent = await agentSource(server, node, directory, options)
  onTestFinished(() => agent.source.close())
  return agent
}

const large = (node: string, letter: string) =>
  programFor(node, letter, { files: [manifest('large.yaml', `# ${letter.repeat(100_000)}\n`)] })
const namesOf = (program: ReturnType<typeof large>): readonly string[] =>
  [...packProgram(program).contents.keys()].map(contentName)

clusterTest('parts of programs that are refused do not stay on the disk', async () => {
  const node = 'disk'
  const directory = await temporaryDirectory()
  const good = large(node, 'a')
  await controller.publish(good)
  const agent = await agentOf(node, directory)
  const state = await agent.read()
  expect(digestIn(state)).toBe(good.digest)
  for (const letter of ['b', 'c', 'd']) {
    // Signed by the controller, and not what is signed once it is put together.
    await controller.publish(large(node, letter), { digest: letter.repeat(64) })
    await until(async () => {
      const read = await agent.read(state)
      return read?.kind === 'refused' && read.problems.some(({ what }) => what.includes(letter.repeat(64)))
    }, 'the refusal')
  }
  const kept = [...namesOf(good), ...namesOf(large(node, 'd'))]
  expect(readdirSync(`${directory}/contents`).sort()).toEqual([...new Set(kept)].sort())
  const small = programFor(node, 'small')
  await controller.publish(small)
  await until(async () => digestIn(await agent.read(state)) === small.digest, 'the small one')
  expect(readdirSync(`${directory}/contents`)).toEqual([])
})

describe('an agent that starts without an API', () => {
  const away = (directory: string): string => `${directory}/not-there.kubeconfig`
  const unreadable = (): Promise<never> =>
    Promise.reject(
      new Failure('no', { code: 'CONTROLLER_KEY_UNREADABLE', where: 'key.pem', fix: 'put it there', retry: 'soon' }),
    )

  clusterTest('has its last program although the file with the key cannot be read, and then says why', async () => {
    const directory = await temporaryDirectory()
    const good = await controller.publish(programFor('boot', 'one'))
    await (await agentOf('boot', directory, { controllerKeys: async () => [controller.key.publicPem] })).read()
    const alone = await agentOf('boot', directory, {
      kubeconfig: away(directory),
      controllerKeys: unreadable,
    })
    const state = await alone.read()
    expect(digestIn(state)).toBe(good.digest)
    await expect(alone.read(state)).rejects.toMatchObject({ detail: { code: 'KUBE_CONFIG_MISSING' } })
    const reached = await agentOf('boot', directory, { controllerKeys: unreadable })
    expect(digestIn(await reached.read())).toBe(good.digest)
    await expect(reached.read(state)).rejects.toMatchObject({ detail: { code: 'CONTROLLER_KEY_UNREADABLE' } })
  })

  clusterTest('says what keeps the API away, although a part of its last program is gone too', async () => {
    const directory = await temporaryDirectory()
    await controller.publish(large('lost', 'l'))
    await (await agentOf('lost', directory)).read()
    rmSync(`${directory}/contents`, { recursive: true })
    const alone = await agentOf('lost', directory, { kubeconfig: away(directory) })
    await expect(alone.read()).rejects.toMatchObject({ detail: { code: 'KUBE_CONFIG_MISSING' } })
    expect(alone.lines).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ code: 'PROGRAM_CONTENT_MISSING' }) }),
    )
  })
})

clusterTest('one key takes the place of another, while both are in the file', async () => {
  const node = 'turn'
  const directory = await temporaryDirectory()
  const next = new TestController(objects, readSigningKey(createSigningKey()))
  const keyFile = `${directory}/controller.pem`
  const put = (...keys: readonly string[]): void => writeFileSync(keyFile, keys.join('# the other one\n'))
  put(controller.key.publicPem, next.key.publicPem)
  const agent = await agentOf(node, directory, { controllerKeys: controllerKeys(keyFile) })
  // The watch may still tell of the object before: what is waited for is what this one has to come to.
  const isTaken = async (by: TestController, data: string, sequence: number): Promise<void> => {
    const { digest } = await by.publish(programFor(node, data), { sequence })
    await until(async () => digestIn(await agent.read()) === digest, `${data} is taken`)
  }
  const isRefused = async (by: TestController, data: string, sequence: number): Promise<void> => {
    await by.publish(programFor(node, data), { sequence })
    await until(async () => {
      const read = await agent.read()
      return read?.kind === 'refused' && read.problems.every(({ code }) => code === 'PROGRAM_KEY_CHANGED')
    }, `${data} is refused`)
  }
  await isTaken(controller, 'by the first', 100)
  await isTaken(next, 'by the next', 101)
  expect((await agent.cache.readAccepted())?.publicPem).toBe(next.key.publicPem)
  put(next.key.publicPem)
  await isRefused(controller, 'by the first again', 102)
  await isTaken(next, 'by the next again', 103)
  expect((await agent.cache.readAccepted())?.published.sequence).toBe(103)
})

describe('the release of K3s in the status of a node', () => {
  const snapshot = { verdict: 'settled', conditions: [] as StatusSnapshot['conditions'] } as StatusSnapshot

  const register = async (name: string, ready: string): Promise<void> => {
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
    const rbac = 'rbac.authorization.k8s.io'
    const metadata = { name: 'read-nodes' }
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }]
    await controller.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata, rules })
    const subjects = [{ kind: 'Group', name: 'system:nodes', apiGroup: rbac }]
    const roleRef = { kind: 'ClusterRole', ...metadata, apiGroup: rbac }
    await controller.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata, subjects, roleRef })
    await controller.apply(node)
    const nodeInfo = { kubeletVersion: 'v1.33.4+k3s1' }
    const conditions = [{ type: 'Ready', status: ready }]
    const status = { status: { nodeInfo, conditions } }
    await objects.patch({ apiVersion: 'v1', kind: 'Node', name }, 'merge', status, { subresource: 'status' }, signal)
  }

  const toldBy = async (node: string) => {
    await controller.publish(programFor(node, 'one'))
    const agent = await agentOf(node, await temporaryDirectory())
    await agent.read()
    agent.source.told?.({ snapshot, enforced: undefined })
    await until(async () => (await controller.statusOf(node))?.agentVersion === '0.1.0', 'the status')
    return (await controller.statusOf(node))?.k3sVersion
  }

  clusterTest('is the one that its kubelet registered', async () => {
    await register('version', 'True')
    expect(await toldBy('version')).toBe('v1.33.4+k3s1')
  })

  clusterTest('is not told where nobody has heard of the kubelet for a while', async () => {
    await register('silent', 'Unknown')
    expect(await toldBy('silent')).toBeUndefined()
  })
})

saySkipped()

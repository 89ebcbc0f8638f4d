import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { openAgentApi } from '../../src/adapters/kube/agent-api.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import type { SourceState } from '../../src/reconcile/source-state.ts'
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
let taken = 0

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  await prepareCluster(
    objects,
    Array.from({ length: 40 }, (_, index) => `n${index + 1}`),
  )
  controller = new TestController(objects)
  await controller.tellKey()
}, 60_000)
afterAll(async () => {
  await objects?.close()
  await server?.stop()
})

/** Each test has a node of its own. */
function newNode(): string {
  taken += 1
  return `n${taken}`
}

async function agentOf(
  node: string,
  options: Parameters<typeof agentSource>[3] & { readonly directory?: string } = {},
): Promise<TestAgentSource> {
  const agent = await agentSource(server, node, options.directory ?? (await temporaryDirectory()), options)
  onTestFinished(() => agent.source.close())
  return agent
}

describe('the program of a node', () => {
  clusterTest('is read by its own identity, and its successor within a moment', async () => {
    const node = newNode()
    const first = await controller.publish(programFor(node, 'one'))
    const agent = await agentOf(node)
    const state = await agent.read()
    expect(digestIn(state)).toBe(first.digest)
    expect(state).toMatchObject({ kind: 'compiled', revision: { name: first.revision.name } })
    const hints = agent.hints()
    const second = await controller.publish(programFor(node, 'two'))
    await until(async () => agent.hints() > hints, 'a hint', 2_000)
    expect(digestIn(await agent.read(state))).toBe(second.digest)
  })

  clusterTest('is not read again while it stays the same', async () => {
    const node = newNode()
    await controller.publish(programFor(node, 'one'))
    const agent = await agentOf(node)
    const state = await agent.read()
    expect(await agent.read(state)).toBeUndefined()
  })

  clusterTest(
    'comes with large parts in objects of their own, which are fetched once and kept on the disk',
    async () => {
      const node = newNode()
      const directory = await temporaryDirectory()
      const large = programFor(node, 'x', { files: [manifest('large.yaml', `# ${'ä'.repeat(200_000)}\n`)] })
      await controller.publish(large)
      const agent = await agentOf(node, { directory })
      expect(digestIn(await agent.read())).toBe(large.digest)
      const kept = readdirSync(`${directory}/contents`)
      expect(kept.length).toBeGreaterThan(1)
      await controller.publish(programFor(node, 'small'))
      await until(async () => digestIn(await agent.read()) !== large.digest, 'the small one')
      expect(readdirSync(`${directory}/contents`)).toEqual([])
    },
  )

  clusterTest('whose parts are not there yet is waited for, and nothing of it is taken', async () => {
    const node = newNode()
    const large = programFor(node, 'x', { files: [manifest('large.yaml', `# ${'y'.repeat(100_000)} ${node}\n`)] })
    await controller.put(node, controller.envelope(large))
    const agent = await agentOf(node)
    await expect(agent.read()).rejects.toMatchObject({ detail: { code: 'PROGRAM_CONTENT_MISSING', retry: 'soon' } })
    await controller.publish(large)
    await until(async () => digestIn(await agent.read().catch(() => undefined)) === large.digest, 'the whole program')
  })

  clusterTest('that never was is what the controller still has to write, and the node is named', async () => {
    const node = newNode()
    const agent = await agentOf(node)
    await expect(agent.read()).rejects.toMatchObject({
      detail: { code: 'PROGRAM_OBJECT_MISSING', fix: expect.stringContaining(node) },
    })
  })

  clusterTest('that is deleted says nothing: the last one stays, and the reason is told', async () => {
    const node = newNode()
    const published = await controller.publish(programFor(node, 'one'))
    const directory = await temporaryDirectory()
    const agent = await agentOf(node, { directory })
    const state = await agent.read()
    await controller.delete(node)
    if (state === undefined) throw new Error('nothing was read')
    await until(
      async () =>
        await agent.read(state).then(
          () => false,
          (error: unknown) => (error as { detail?: { code?: string } }).detail?.code === 'PROGRAM_OBJECT_MISSING',
        ),
      'the deletion',
    )
    // A process that starts now has it too.
    const next = await agentOf(node, { directory })
    expect(digestIn(await next.read())).toBe(published.digest)
    expect(next.hints()).toBeGreaterThan(0)
  })
})

describe('an agent without an API', () => {
  clusterTest('has the last program after a restart, and says that the API is away', async () => {
    const node = newNode()
    const published = await controller.publish(programFor(node, 'one'))
    const directory = await temporaryDirectory()
    await (await agentOf(node, { directory })).read()
    const nowhere = `${directory}/nowhere.kubeconfig`
    writeFileSync(nowhere, JSON.stringify(kubeletConfigOf(node, 'https://127.0.0.1:1')))
    const alone = await agentOf(node, { directory, kubeconfig: nowhere })
    const state = await alone.read()
    expect(digestIn(state)).toBe(published.digest)
    await expect(alone.read(state)).rejects.toMatchObject({ detail: { retry: 'soon' } })
  })

  clusterTest('before K3s ever ran has no kubeconfig, and goes on asking', async () => {
    const node = newNode()
    const directory = await temporaryDirectory()
    const kubeconfig = `${directory}/kubelet.kubeconfig`
    const agent = await agentOf(node, { kubeconfig })
    await expect(agent.read()).rejects.toMatchObject({ detail: { code: 'KUBE_CONFIG_MISSING' } })
    await controller.publish(programFor(node, 'one'))
    writeFileSync(kubeconfig, JSON.stringify(kubeletConfigOf(node)))
    await until(async () => digestIn(await agent.read().catch(() => undefined)) !== undefined, 'the program')
  })

  clusterTest('reaches another server while its own does not answer', async () => {
    const node = newNode()
    const published = await controller.publish(programFor(node, 'one'))
    const directory = await temporaryDirectory()
    const kubeconfig = `${directory}/kubelet.kubeconfig`
    writeFileSync(kubeconfig, JSON.stringify(kubeletConfigOf(node, 'https://127.0.0.2:1')))
    const elsewhere = new URL(server.url).host.replace('127.0.0.1', 'localhost')
    const api = openAgentApi({
      kubeconfigs: [kubeconfig],
      root: '/',
      servers: () => ['127.0.0.2:2', elsewhere],
      own: new Set(),
    })
    const agent = await agentOf(node, { api })
    expect(digestIn(await agent.read())).toBe(published.digest)
  })
})

describe('a program is refused, and the last one stays', () => {
  interface Attack {
    readonly name: string
    readonly code: string
    readonly what: RegExp
    readonly spec: (node: string, attacker: TestController) => object
  }
  const attacks: readonly Attack[] = [
    {
      name: 'with a form that is not known',
      code: 'PROGRAM_FORMAT_UNKNOWN',
      what: /format: 2 is not known here; this release takes 1/,
      spec: (node) => ({ ...controller.envelope(programFor(node, 'bad')), format: 2 }),
    },
    {
      name: 'of another node',
      code: 'PROGRAM_OTHER_NODE',
      what: /"somebody-else"/,
      spec: () => controller.envelope(programFor('somebody-else', 'bad')),
    },
    {
      name: 'signed with another key',
      code: 'PROGRAM_KEY_CHANGED',
      what: /is trusted/,
      spec: (node, attacker) => attacker.envelope(programFor(node, 'bad'), { sequence: 1_000_000 }),
    },
    {
      name: 'whose envelope was changed after it was signed',
      code: 'PROGRAM_UNSIGNED',
      what: /does not hold/,
      spec: (node) => ({ ...controller.envelope(programFor(node, 'bad')), permit: { program: 'a'.repeat(64) } }),
    },
    {
      name: 'whose inside was changed',
      code: 'PROGRAM_INVALID',
      what: /digest/,
      spec: (node) => ({
        ...controller.envelope(programFor(node, 'bad')),
        program: { pieces: [JSON.stringify(programFor(node, 'worse'))] },
      }),
    },
    {
      name: 'of another cluster',
      code: 'PROGRAM_OTHER_CLUSTER',
      what: /UID/,
      spec: (node) => controller.envelope(programFor(node, 'bad'), { clusterUID: 'another' }),
    },
    {
      name: 'that is older than the last',
      code: 'PROGRAM_REPLAYED',
      what: /is older than/,
      spec: (node) => controller.envelope(programFor(node, 'bad'), { sequence: 1 }),
    },
  ]
  for (const { name, code, what, spec } of attacks) {
    clusterTest(name, async () => {
      const node = newNode()
      const directory = await temporaryDirectory()
      controller.envelope(programFor(node, 'first'))
      const good = await controller.publish(programFor(node, 'good'))
      const agent = await agentOf(node, { directory })
      const state = await agent.read()
      const attacker = new TestController(objects, readSigningKey(createSigningKey()))
      await controller.put(node, spec(node, attacker))
      let refused: SourceState | undefined
      await until(async () => {
        refused = await agent.read(state)
        return refused?.kind === 'refused'
      }, 'the refusal')
      expect(refused).toMatchObject({ kind: 'refused', problems: [{ code, what: expect.stringMatching(what) }] })
      expect((await agent.cache.readAccepted())?.published.digest).toBe(good.digest)
      const better = await controller.publish(programFor(node, 'better'))
      await until(async () => digestIn(await agent.read(refused)) === better.digest, 'a good one afterwards')
    })
  }

  clusterTest('for another cluster than the machine was adopted for', async () => {
    const node = newNode()
    await controller.publish(programFor(node, 'one'))
    const agent = await agentOf(node, { adoptedFor: 'away' })
    expect(await agent.read()).toMatchObject({
      kind: 'refused',
      problems: [{ code: 'PROGRAM_OTHER_CLUSTER', what: expect.stringContaining('"away"') }],
    })
    expect(await agent.cache.readAccepted()).toBeUndefined()
  })

  clusterTest('from the first on, when the key was told and is another one', async () => {
    const node = newNode()
    await controller.publish(programFor(node, 'one'))
    const { publicPem } = readSigningKey(createSigningKey())
    const agent = await agentOf(node, { controllerKeys: async () => [publicPem] })
    expect(await agent.read()).toMatchObject({ kind: 'refused', problems: [{ code: 'PROGRAM_KEY_CHANGED' }] })
  })
})

describe('a node that asks for more than is its own', () => {
  const where = { namespace: 'fairlead-system' }
  const program = { apiVersion: 'fairlead.dev/v1alpha1', kind: 'NodeProgram' }

  clusterTest('is forbidden all of it, and allowed what it needs', async () => {
    const [mine, other] = [newNode(), newNode()]
    await controller.publish(programFor(mine, 'mine'))
    await controller.publish(programFor(other, 'other'))
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'fairlead-signing-key', ...where } }
    await controller.apply({ ...secret, stringData: { key: 'secret' } })
    const kubeconfig = server.kubeconfigOf(`system:node:${mine}`, ['system:nodes'])
    const rogue = await openKubeObjects({ kubeconfigs: [kubeconfig] }, signal)
    onTestFinished(() => rogue.close())
    const forbidden: Readonly<Record<string, () => Promise<unknown>>> = {
      'the program of another node': () => rogue.get({ ...program, ...where, name: other }, signal),
      'all programs': () => rogue.list({ ...program, ...where }, signal),
      'all programs of the cluster': () => rogue.list(program, signal),
      'the program of another node by a list': () =>
        rogue.list({ ...program, ...where, fieldSelector: `metadata.name=${other}` }, signal),
      'the status of another node': () =>
        rogue.patch({ ...program, ...where, name: other }, 'merge', { status: {} }, { subresource: 'status' }, signal),
      'its own program to write': () =>
        rogue.patch({ ...program, ...where, name: mine }, 'merge', { spec: {} }, {}, signal),
      'its own program to delete': () => rogue.delete({ ...program, ...where, name: mine }, {}, signal),
      'a program to create': () =>
        rogue.create({ ...program, metadata: { name: 'forged', ...where }, spec: {} }, {}, signal),
      'the signing key': () =>
        rogue.get({ apiVersion: 'v1', kind: 'Secret', ...where, name: 'fairlead-signing-key' }, signal),
      'all secrets': () => rogue.list({ apiVersion: 'v1', kind: 'Secret', ...where }, signal),
      'the inventory': () =>
        rogue.get({ apiVersion: 'v1', kind: 'ConfigMap', ...where, name: 'fairlead-inventory' }, signal),
      'all shared parts': () => rogue.list({ ...program, kind: 'ProgramContent', ...where }, signal),
      'a shared part to write': () =>
        rogue.create({ ...program, kind: 'ProgramContent', metadata: { name: 'x', ...where }, data: '' }, {}, signal),
      'the network of the cluster': () => rogue.list({ ...program, kind: 'ClusterNetwork', ...where }, signal),
      'a role for itself': () =>
        rogue.create(
          { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'more', ...where }, rules: [] },
          {},
          signal,
        ),
    }
    for (const [what, ask] of Object.entries(forbidden)) {
      await expect(ask(), what).rejects.toMatchObject({
        detail: { code: expect.stringMatching(/^KUBE_(FORBIDDEN|DENIED)$/) },
      })
    }
    expect((await rogue.get({ ...program, ...where, name: mine }, signal))?.metadata.name).toBe(mine)
    const own = await rogue.list({ ...program, ...where, fieldSelector: `metadata.name=${mine}` }, signal)
    expect(own.items).toHaveLength(1)
  })
})

describe('the status of a node', () => {
  const snapshot = (reason: string, message: string): StatusSnapshot => ({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Status',
    cluster: 'home',
    node: 'n',
    engine: 'k3s',
    source: '',
    revision: 'r',
    attemptedRevision: 'r',
    verdict: 'settled',
    suspended: false,
    conditions: [{ type: 'Ready', status: 'True', reason, message }],
    components: [],
    files: [],
    drops: [],
    problems: [],
    lastHandledReconcileAt: '',
  })

  clusterTest('is written by its agent alone, when it changed, and keeps the times of what did not', async () => {
    const node = newNode()
    const published = await controller.publish(programFor(node, 'one'))
    const agent = await agentOf(node)
    await agent.read()
    agent.source.told?.({ snapshot: snapshot('Applied', 'as wanted'), enforced: undefined })
    await until(async () => (await controller.statusOf(node))?.reason === 'Applied', 'the status')
    const first = await controller.statusOf(node)
    expect(first).toMatchObject({
      observedSequence: published.sequence,
      formats: [1],
      agentVersion: '0.1.0',
    })
    expect(first?.appliedProgram).toBeUndefined()
    const version = (await controller.get(node))?.metadata.resourceVersion
    agent.source.told?.({ snapshot: snapshot('Applied', 'as wanted'), enforced: undefined })
    agent.source.permits.awaiting({ program: 'd', changes: ['a route'] })
    await until(async () => (await controller.statusOf(node))?.awaitingPermit !== undefined, 'the request')
    const second = await controller.statusOf(node)
    expect(second?.awaitingPermit).toEqual({ program: 'd', changes: ['a route'] })
    expect(second?.conditions).toEqual(first?.conditions)
    expect(Number((await controller.get(node))?.metadata.resourceVersion)).toBeGreaterThan(Number(version))
    agent.source.permits.awaiting(undefined)
    await until(async () => (await controller.statusOf(node))?.awaitingPermit === undefined, 'no request')
  })

  clusterTest('tells why a newer form is refused, and which forms are known', async () => {
    const node = newNode()
    await controller.put(node, { ...controller.envelope(programFor(node, 'next')), format: 2 })
    const agent = await agentOf(node)
    expect(await agent.read()).toMatchObject({ kind: 'refused' })
    agent.source.told?.({ snapshot: snapshot('Applied', 'as wanted'), enforced: undefined })
    await until(async () => (await controller.statusOf(node)) !== undefined, 'the status')
    expect(await controller.statusOf(node)).toMatchObject({
      verdict: 'blocked',
      reason: 'ProgramFormatUnknown',
      message: expect.stringContaining('update Fairlead on this node'),
      formats: [1],
    })
  })

  clusterTest('is written once the API is back', async () => {
    const node = newNode()
    const agent = await agentOf(node)
    await agent.read().catch(() => undefined)
    agent.source.told?.({ snapshot: snapshot('Applied', 'early'), enforced: undefined })
    await controller.publish(programFor(node, 'one'))
    await until(async () => digestIn(await agent.read().catch(() => undefined)) !== undefined, 'the program')
    await until(async () => (await controller.statusOf(node))?.message === 'early', 'the status')
  })
})

describe('permits', () => {
  clusterTest('come with the program, are signed with it, and hold for this program only', async () => {
    const node = newNode()
    const program = programFor(node, 'one')
    await controller.publish(program)
    const agent = await agentOf(node)
    const state = await agent.read()
    expect(agent.source.permits.isGranted(program.digest)).toBe(false)
    const hints = agent.hints()
    await controller.publish(program, { permit: { program: program.digest } })
    await until(async () => agent.hints() > hints, 'a hint')
    expect(digestIn(await agent.read(state))).toBe(program.digest)
    expect(agent.source.permits.isGranted(program.digest)).toBe(true)
    const next = programFor(node, 'two')
    await controller.publish(next, { permit: { program: program.digest } })
    await until(async () => digestIn(await agent.read(state)) === next.digest, 'the next program')
    expect(agent.source.permits.isGranted(next.digest)).toBe(false)
  })
})

/** As K3s writes it for its kubelet: files beside, no data in it. */
function kubeletConfigOf(node: string, url = server.url): object {
  const file = server.kubeconfigOf(`system:node:${node}`, ['system:nodes'])
  const { users } = JSON.parse(readFileSync(file, 'utf8')) as { users: { user: Record<string, string> }[] }
  const write = (name: string): string => {
    writeFileSync(`${file}.${name}`, Buffer.from(users[0]?.user[`${name}-data`] ?? '', 'base64'))
    return `${file}.${name}`
  }
  const [certificate, key] = [write('client-certificate'), write('client-key')]
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: { server: url, 'certificate-authority': server.caFile } }],
    contexts: [{ name: 'Default', context: { cluster: 'local', user: 'user', namespace: 'default' } }],
    'current-context': 'Default',
    preferences: {},
    users: [{ name: 'user', user: { 'client-certificate': certificate, 'client-key': key } }],
  }
}

saySkipped()

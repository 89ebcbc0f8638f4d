import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { eventRecorder } from '../../src/adapters/kube/event-recorder.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { leaderLease } from '../../src/adapters/kube/leader-lease.ts'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import { fairleadKinds, fairleadNames, fairleadNamespace } from '../../src/domain/fairlead-api.ts'
import { asList, asRecord, textsIn } from '../../src/domain/plain-json.ts'
import { applyObjects } from '../../src/reconcile/objects/apply-objects.ts'
import { controllerAccess } from '../../src/render/install/controller-access.ts'
import { controllerName } from '../../src/render/install/installation-labels.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import { clusterTest, hasApiServer, saySkipped, type TestApiServer } from './api-server.ts'
import { controllerGroups, controllerUser, startInstalledServer } from './installed-server.ts'
import { kubectl } from './kubectl.ts'

const signal = new AbortController().signal
/** A ServiceAccount without any rights: what it may, everybody may. */
const anybody = 'system:serviceaccount:default:anybody'

let server: TestApiServer | undefined

beforeAll(async () => {
  if (hasApiServer) server = await startInstalledServer()
})
afterAll(() => server?.stop())

function running(): TestApiServer {
  if (server === undefined) throw new Error('the API server did not start')
  return server
}

async function asController(): Promise<KubeObjects> {
  const objects = await openKubeObjects(
    { kubeconfigs: [running().kubeconfigOf(controllerUser, controllerGroups)] },
    signal,
  )
  onTestFinished(() => objects.close())
  return objects
}

interface Question {
  readonly apiGroup: string
  readonly resource: string
  readonly verb: string
  readonly namespace?: string
  readonly name?: string
}

async function mayDo(who: string, { apiGroup, resource, ...rest }: Question): Promise<boolean> {
  const [plural, subresource] = resource.split('/')
  const attributes = {
    group: apiGroup,
    resource: plural,
    ...(subresource === undefined ? {} : { subresource }),
    ...rest,
  }
  const answer = await running().writer.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { user: who, groups: [...controllerGroups, 'system:authenticated'], resourceAttributes: attributes },
  })
  return asRecord(answer['status'])['allowed'] === true
}

/** What the server says that somebody may do in a namespace: `group resource name verb`, one for each. */
function rightsOf(kubeconfig: string, namespace: string): ReadonlySet<string> {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } }
  const answer = kubectl(kubeconfig, ['create', '-f', '-', '-o', 'json'], JSON.stringify(review))
  const rules = asList(asRecord(asRecord(JSON.parse(answer))['status'])['resourceRules']).map(asRecord)
  return new Set(
    rules.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
      rights(textsIn(apiGroups), textsIn(resources), textsIn(resourceNames), textsIn(verbs)),
    ),
  )
}

function rights(
  groupNames: readonly string[],
  resources: readonly string[],
  names: readonly string[],
  verbs: readonly string[],
): readonly string[] {
  const wide = names.length === 0 ? ['(any)'] : names
  return groupNames.flatMap((group) =>
    resources.flatMap((resource) =>
      wide.flatMap((name) => verbs.map((verb) => `${group === '' ? 'core' : group} ${resource} ${name} ${verb}`)),
    ),
  )
}

clusterTest('the controller has the rights of the table and no other, in every namespace', async () => {
  const own = running().kubeconfigOf(controllerUser, controllerGroups)
  const others = running().kubeconfigOf(anybody, ['system:serviceaccounts', 'system:serviceaccounts:default'])
  for (const namespace of ['kube-system', fairleadNamespace, 'shop']) {
    const everybodys = rightsOf(others, namespace)
    const rules = controllerAccess.filter(({ scope }) => scope === 'cluster' || scope === namespace)
    const table = rules.flatMap((rule) => rights([rule.apiGroup], rule.resources, rule.names ?? [], rule.verbs))
    const found = [...rightsOf(own, namespace)].filter((right) => !everybodys.has(right))
    expect(found.toSorted()).toEqual([...new Set(table)].toSorted())
    // What everybody has is to ask about oneself, and nothing of any object.
    expect([...everybodys].filter((right) => !right.endsWith(' create'))).toEqual([])
  }
})

clusterTest('of objects that it may touch by name, it may touch no other', async () => {
  const named = controllerAccess.filter(({ names }) => names !== undefined)
  expect(named.length).toBeGreaterThan(3)
  for (const { apiGroup, resources, names = [], verbs: granted, scope } of named) {
    for (const [resource, verb] of resources.flatMap((one) => granted.map((verb) => [one, verb] as const))) {
      const question = { apiGroup, resource, verb, ...(scope === 'cluster' ? {} : { namespace: scope }) }
      for (const name of names) expect(await mayDo(controllerUser, { ...question, name })).toBe(true)
      expect([question, await mayDo(controllerUser, { ...question, name: 'other' })]).toEqual([question, false])
    }
  }
})

const inOurs = { namespace: fairleadNamespace } as const
const configMap = (name: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...inOurs },
  data: { a: 'b' },
})
const secret = (name: string): KubernetesObject => ({ ...configMap(name), kind: 'Secret', data: { key: 'YQ==' } })
const role = (name: string, rules: readonly object[]): KubernetesObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name, ...inOurs },
  rules,
})

clusterTest('it brings its kinds, labels, records, keys and grants into the cluster', async () => {
  const objects = await asController()
  const ports = { objects, clock: systemClock() }
  const { outcomes } = await applyObjects(fairleadCrds(), {}, ports, signal)
  expect(outcomes.map(({ kind }) => kind)).toEqual(['Unchanged', 'Unchanged', 'Unchanged'])
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'pi-1', labels: { 'fairlead.test/a': 'b' } } }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', labels: { 'fairlead.test/a': 'b' } },
  }
  await objects.apply(node, {}, signal)
  await objects.apply(service, {}, signal)
  for (const name of [fairleadNames.inventory, fairleadNames.publicKeys]) {
    await objects.create(configMap(name), {}, signal)
    await objects.apply({ ...configMap(name), data: { a: 'c' } }, { force: true }, signal)
  }
  await objects.create(secret(fairleadNames.signingKey), {}, signal)
  await objects.get({ apiVersion: 'v1', kind: 'Secret', name: fairleadNames.signingKey, ...inOurs }, signal)
  const content = { ...fairleadKinds.programContent, metadata: { name: 'sha256-0', ...inOurs }, data: 'text' }
  await objects.apply(content, {}, signal)
  await objects.delete({ ...fairleadKinds.programContent, name: 'sha256-0', ...inOurs }, {}, signal)
  const recorder = eventRecorder(objects, systemClock(), { component: controllerName }, signal)
  for (let times = 0; times < 2; times += 1) {
    recorder.record({
      regarding: { apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' },
      type: 'Normal',
      reason: 'LabelsApplied',
      message: 'applied',
    })
  }
  await recorder.flush()
  expect(recorder.dropped).toBe(0)
  const settings = { ...inOurs, name: fairleadNames.leaderLease, identity: 'test' }
  await leaderLease(objects, systemClock(), settings).campaign(async (term) => expect(term.isHeld()).toBe(true), signal)
})

clusterTest('it grants agents what they need, and can grant nobody more', async () => {
  const objects = await asController()
  const program = { apiGroups: ['fairlead.dev'], resources: ['nodeprograms'], resourceNames: ['pi-1'] }
  const rules = [
    { ...program, verbs: ['get', 'list', 'watch'] },
    { ...program, resources: ['nodeprograms/status'], verbs: ['patch', 'update'] },
    { apiGroups: ['fairlead.dev'], resources: ['programcontents'], verbs: ['get'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [fairleadNames.publicKeys], verbs: ['get'] },
  ]
  await objects.apply(role('fairlead-agent-pi-1', rules), {}, signal)
  await objects.apply(
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'fairlead-agent-pi-1', ...inOurs },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'fairlead-agent-pi-1' },
      subjects: [{ kind: 'User', name: 'system:node:pi-1', apiGroup: 'rbac.authorization.k8s.io' }],
    },
    {},
    signal,
  )
  const tooMuch = [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]
  await expect(objects.apply(role('too-much', tooMuch), {}, signal)).rejects.toMatchObject({
    detail: { code: 'KUBE_DENIED' },
  })
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'all', ...inOurs },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: controllerUser, apiGroup: 'rbac.authorization.k8s.io' }],
  }
  await expect(objects.apply(binding, {}, signal)).rejects.toMatchObject({ detail: { code: 'KUBE_DENIED' } })
})

const refused: readonly { readonly what: string; readonly ask: (objects: KubeObjects) => Promise<unknown> }[] = [
  {
    what: 'another Secret of its own namespace',
    ask: (objects) => objects.get({ apiVersion: 'v1', kind: 'Secret', name: 'other', ...inOurs }, signal),
  },
  {
    what: 'Secrets elsewhere',
    ask: (objects) => objects.list({ apiVersion: 'v1', kind: 'Secret', namespace: 'kube-system' }, signal),
  },
  {
    what: 'its own Secrets as a list',
    ask: (objects) => objects.list({ apiVersion: 'v1', kind: 'Secret', ...inOurs }, signal),
  },
  { what: 'pods', ask: (objects) => objects.list({ apiVersion: 'v1', kind: 'Pod' }, signal) },
  {
    what: 'deleting a node',
    ask: (objects) => objects.delete({ apiVersion: 'v1', kind: 'Node', name: 'pi-1' }, {}, signal),
  },
  {
    what: 'deleting a Service',
    ask: (objects) => objects.delete({ apiVersion: 'v1', kind: 'Service', name: 'web', namespace: 'shop' }, {}, signal),
  },
  {
    what: 'another Lease',
    ask: (objects) =>
      objects.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'other', ...inOurs }, signal),
  },
  {
    what: 'a definition of somebody else',
    ask: (objects) =>
      objects.get(
        { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: 'a.example.org' },
        signal,
      ),
  },
  {
    what: 'binding itself to cluster-admin',
    ask: (objects) =>
      objects.create(
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: 'all' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
          subjects: [],
        },
        {},
        signal,
      ),
  },
  {
    what: 'a DaemonSet outside kube-system',
    ask: (objects) =>
      objects.delete({ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'fairlead-node-agent', ...inOurs }, {}, signal),
  },
]

clusterTest(`it is refused ${refused.map(({ what }) => what).join('; ')}`, async () => {
  const objects = await asController()
  for (const { what, ask } of refused) {
    const code = await ask(objects).then(
      () => 'done',
      (error) => asRecord(asRecord(error)['detail'])['code'],
    )
    expect([what, code]).toEqual([what, expect.stringMatching(/^KUBE_(FORBIDDEN|DENIED)$/)])
  }
})

saySkipped()

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { asList, asRecord, textsIn } from '../../../src/domain/plain-json.ts'
import { controllerAccess } from '../../../src/render/install/controller-access.ts'
import { type Installation, ownApi } from '../../../src/render/install/installation.ts'
import { installationObjects } from '../../../src/render/install/installation-objects.ts'

const plain: Installation = { version: '1.0.0', image: 'fairlead:1.0.0', api: ownApi, nodeAgent: 'daemonset' }

function find(kind: string, installation = plain) {
  const found = installationObjects(installation).find((object) => object.kind === kind)
  if (found === undefined) throw new Error(`no ${kind}`)
  return found
}

function podSpecOf(kind: string, installation = plain) {
  return asRecord(asRecord(asRecord(find(kind, installation)['spec'])['template'])['spec'])
}

function containerOf(kind: string, list: 'containers' | 'initContainers', installation = plain) {
  return asRecord(asList(podSpecOf(kind, installation)[list])[0])
}

test('the same installation gives the same bytes', () => {
  expect(JSON.stringify(installationObjects(plain))).toBe(JSON.stringify(installationObjects({ ...plain })))
})

test('namespace and accounts come before what needs them', () => {
  expect(installationObjects(plain).map(({ kind }) => kind)).toEqual([
    'Namespace',
    'ServiceAccount',
    'ClusterRole',
    'ClusterRoleBinding',
    'Role',
    'RoleBinding',
    'Role',
    'RoleBinding',
    'ConfigMap',
    'Deployment',
    'ServiceAccount',
    'DaemonSet',
  ])
})

test('everything bears the label by which an upgrade and a removal find it', () => {
  for (const { metadata } of installationObjects(plain)) {
    expect(metadata.labels).toMatchObject({ 'fairlead.dev/part-of': 'installation' })
  }
})

test('without node agents there is neither their DaemonSet nor their account', () => {
  const names = installationObjects({ ...plain, nodeAgent: 'none' }).map(({ metadata }) => metadata.name)
  expect(names.filter((name) => name.includes('node-agent'))).toEqual([])
})

describe('the controller', () => {
  test('needs neither a pod network, nor DNS, nor kube-proxy', () => {
    expect(podSpecOf('Deployment')).toMatchObject({ hostNetwork: true, dnsPolicy: 'Default' })
    expect(containerOf('Deployment', 'containers')['env']).toEqual(
      expect.arrayContaining([
        { name: 'KUBERNETES_SERVICE_HOST', value: '127.0.0.1' },
        { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
      ]),
    )
  })

  test('gives memory back as the service of the same name does', () => {
    const unit = readFileSync(new URL('../../../deploy/systemd/fairlead-controller.service', import.meta.url), 'utf8')
    const told = [...unit.matchAll(/^Environment=(MALLOC_\w+)=(\S+)$/gm)].map(([, name, value]) => ({ name, value }))
    expect(told.map(({ name }) => name)).toEqual(['MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_'])
    expect(containerOf('Deployment', 'containers')['env']).toEqual(expect.arrayContaining(told))
  })

  test.each([
    'node.kubernetes.io/not-ready',
    'node.kubernetes.io/network-unavailable',
    'node.cloudprovider.kubernetes.io/uninitialized',
    'CriticalAddonsOnly',
    'node-role.kubernetes.io/control-plane',
    'node-role.kubernetes.io/etcd',
  ])('runs on a server that is tainted with %s', (key) => {
    expect(podSpecOf('Deployment')['tolerations']).toContainEqual({ key, operator: 'Exists' })
  })

  test('has no privileges, and nothing of its image that it could write', () => {
    expect(podSpecOf('Deployment')['securityContext']).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(containerOf('Deployment', 'containers')['securityContext']).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
    })
  })

  test('on a cluster of one server gives its port free before the next one starts', () => {
    expect(asRecord(find('Deployment')['spec'])['strategy']).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' },
    })
  })

  test('is started anew when its settings change, and is not when they do not', () => {
    const digestOf = (installation: Installation): unknown =>
      asRecord(asRecord(asRecord(find('Deployment', installation)['spec'])['template'])['metadata'])['annotations']
    expect(digestOf({ ...plain, cluster: 'home' })).not.toEqual(digestOf(plain))
    expect(digestOf({ ...plain, image: 'fairlead:2.0.0' })).toEqual(digestOf(plain))
  })

  test('reads its token from a file of the Secret that was named, and from no variable', () => {
    const installation = { ...plain, gitUrl: 'https://git.example/net.git', gitTokenSecret: 'net-token' }
    expect(find('ConfigMap', installation)['data']).toMatchObject({
      FAIRLEAD_GIT_URL: 'https://git.example/net.git',
      FAIRLEAD_GIT_TOKEN_FILE: '/etc/fairlead/git/token',
    })
    expect(containerOf('Deployment', 'containers', installation)['volumeMounts']).toContainEqual({
      name: 'git-token',
      mountPath: '/etc/fairlead/git',
      readOnly: true,
    })
    expect(podSpecOf('Deployment', installation)['volumes']).toContainEqual({
      name: 'git-token',
      secret: { secretName: 'net-token', defaultMode: 0o440, items: [{ key: 'token', path: 'token' }] },
    })
  })
})

describe('the pods of node agents', () => {
  test('run everywhere, get no token, and are replaced one after the other', () => {
    expect(podSpecOf('DaemonSet')).toMatchObject({
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      hostPID: true,
    })
    expect(asRecord(find('DaemonSet')['spec'])['updateStrategy']).toMatchObject({
      rollingUpdate: { maxUnavailable: 1 },
    })
  })

  test('are privileged for the moment of the installation alone', () => {
    expect(containerOf('DaemonSet', 'initContainers')).toMatchObject({
      args: ['host-agent', 'keep', '--root', '/host'],
      securityContext: { privileged: true },
    })
    const { securityContext, volumeMounts } = containerOf('DaemonSet', 'containers')
    expect(securityContext).toMatchObject({ runAsNonRoot: true, capabilities: { drop: ['ALL'] } })
    expect(volumeMounts).toBeUndefined()
  })
})

describe('the rights of the controller', () => {
  const rules = installationObjects(plain)
    .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole')
    .flatMap((role) => asList(role['rules']).map(asRecord))

  test('name every kind and every verb', () => {
    for (const rule of rules) {
      for (const field of ['apiGroups', 'resources', 'verbs']) expect(textsIn(rule[field])).not.toContain('*')
    }
  })

  test('never reach a Secret without its name, except to make one', () => {
    const secrets = rules.filter(({ resources }) => textsIn(resources).includes('secrets'))
    expect(secrets.map(({ verbs, resourceNames }) => [verbs, resourceNames])).toEqual([
      [['create'], undefined],
      [['get'], ['fairlead-signing-key']],
    ])
  })

  test('hold no way to more: neither bind, nor escalate, nor impersonate', () => {
    const verbs = new Set(rules.flatMap(({ verbs: granted }) => textsIn(granted)))
    expect(verbs).toEqual(new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']))
  })

  test('say each what it is for', () => {
    for (const { because } of controllerAccess) expect(because.length).toBeGreaterThan(20)
  })
})

import { expect, test } from 'vitest'
import { colours } from '../../src/cli/colour.ts'
import { planAsJson } from '../../src/cli/plan-json.ts'
import { formatPlan } from '../../src/cli/plan-text.ts'
import { emptyNetworkPlan, type NetworkPlan } from '../../src/domain/network-change.ts'
import { planNode } from '../../src/plan/plan-node.ts'
import type { ClusterPreview } from '../../src/reconcile/preview-plan.ts'
import { file, inventory, manifests, observation, observed, planInput, program } from '../lab/planning.ts'

const flags = file('/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml', '"flannel-backend": "vxlan"\n', 'k3s-config')

/** One of everything: new flags, drift, a removal, somebody else's file, a drop, and a label. */
function preview(): ClusterPreview {
  const plan = planNode(
    planInput({
      program: program([flags, file(`${manifests}/a.yaml`, 'a'), file(`${manifests}/theirs.yaml`, 'ours')]),
      observation: observation(
        observed(`${manifests}/a.yaml`, 'edited'),
        observed(`${manifests}/theirs.yaml`, 'theirs'),
        observed(`${manifests}/old.yaml`, 'old'),
      ),
      inventory: inventory({ [`${manifests}/a.yaml`]: 'a', [`${manifests}/old.yaml`]: 'old' }),
    }),
  )
  return {
    cluster: 'home',
    nodes: [
      {
        node: 'pi-1',
        plan,
        drops: [
          {
            path: `${manifests}/lan\u001b[2J.yaml`,
            digest: 'd',
            holdsSecret: false,
            handling: 'Allow',
            findings: [
              { code: 'OBJECT_TWICE', line: 3, column: 1, what: 'ConfigMap a is there twice', fix: 'keep one' },
            ],
          },
        ],
        network: emptyNetworkPlan,
        refusal: undefined,
      },
    ],
    labels: [
      {
        effect: 'create',
        kind: 'node-labels',
        object: 'pi-1',
        field: 'label',
        key: 'svccontroller.k3s.cattle.io/lbpool',
        after: 'edge',
        impact: { kind: 'NewConnections', reason: 'ServiceLB opens and closes ports on other nodes' },
      },
    ],
    labelsCompared: true,
    problems: [],
  }
}

const plain = { colours: colours(false), wide: false }

test('a plan tells by group what is made, changed, removed, left to others and dropped', () => {
  expect(formatPlan([preview()], plain)).toBe(`home / pi-1
  Caused by this revision
    + /etc/rancher/k3s/config.yaml.d/90-fairlead.yaml   K3sRestart   K3s reads its flags when it starts
    - /var/lib/rancher/k3s/server/manifests/old.yaml    None         emptied first, removed once its objects are gone

  Already drifted
    ~ /var/lib/rancher/k3s/server/manifests/a.yaml   None   the objects of the manifest are applied; what they do is theirs

  Owned by someone else
    ! /var/lib/rancher/k3s/server/manifests/theirs.yaml   None   exists with other content; fairlead adopt takes it over

  Drops
    ? /var/lib/rancher/k3s/server/manifests/lan\\x1b[2J.yaml   Allow
        3:1 OBJECT_TWICE                                              ConfigMap a is there twice; keep one

home / Kubernetes API
  Labels
    + node pi-1   label svccontroller.k3s.cattle.io/lbpool=edge   NewConnections

Plan: 2 to create, 1 to change, 1 to remove, 1 to take over · impact: K3sRestart (K3s reads its flags when it starts)
`)
})

const kernel: NetworkPlan = {
  changes: [
    {
      kind: 'filter',
      effect: 'create',
      id: 'filter:v4/mangle/FAIRLEAD-INPUT',
      what: 'IPv4 mangle FAIRLEAD-INPUT (2 added)',
      origin: 'clusters/home/nodes/edge.yaml spec.firewall.input[0]',
      cause: 'Revision',
      impact: { kind: 'NewConnections', reason: 'packets are judged by other rules' },
      risk: 'a new rule stops traffic: rest',
    },
  ],
  reported: [
    { kind: 'foreign', what: '10.60.0.0/16 via 192.168.1.9', reason: 'a route of static stands in its place' },
    { what: 'net.ipv4.ip_forwrad', reason: 'the kernel has no such setting' },
  ],
  refusals: [],
}

test('what happens to a kernel stands among the changes, with why it goes under a checkpoint', () => {
  const settled = {
    ...preview(),
    labels: [],
    nodes: [{ ...first(), plan: planNode(planInput()), drops: [], network: kernel }],
  }
  expect(formatPlan([settled], plain)).toBe(`home / pi-1
  Caused by this revision
    + IPv4 mangle FAIRLEAD-INPUT (2 added)   NewConnections   packets are judged by other rules; under a checkpoint: a new rule stops traffic: rest

  Owned by someone else
    ? 10.60.0.0/16 via 192.168.1.9   Foreign   a route of static stands in its place

  Left as it is for now
    ? net.ipv4.ip_forwrad   Waits   the kernel has no such setting

Plan: 1 to create, 0 to change, 0 to remove · impact: NewConnections (packets are judged by other rules)
`)
})

test('a program that would cut the node off is refused in words', () => {
  const node = {
    ...first(),
    plan: planNode(planInput()),
    drops: [],
    network: { ...kernel, refusals: ['ssh from 192.168.1.0/24 would be dropped by "rest"'] },
  }
  const text = formatPlan([{ ...preview(), labels: [], nodes: [node] }], plain)
  expect(text).toContain('\n  refused  ssh from 192.168.1.0/24 would be dropped by "rest"\n')
})

test('a plan without changes says so in one line', () => {
  const settled = { ...preview(), labels: [], nodes: [{ ...first(), plan: planNode(planInput()), drops: [] }] }
  expect(formatPlan([settled], plain)).toBe('home / pi-1\n  nothing to do\n\nPlan: no changes\n')
})

test('labels that nobody compared are shown and not counted', () => {
  const settled = {
    ...preview(),
    labelsCompared: false,
    nodes: [{ ...first(), plan: planNode(planInput()), drops: [] }],
  }
  const text = formatPlan([settled], plain)
  expect(text).toContain('Labels that are wanted; not compared with the cluster, not applied yet')
  expect(text).toContain('Plan: no changes')
})

test('wide names the part of the repository behind each change', () => {
  const lines = formatPlan([preview()], { ...plain, wide: true }).split('\n')
  expect(lines.find((line) => line.includes('90-fairlead'))).toMatch(/K3sRestart {3}spec {2,}/)
  expect(lines.find((line) => line.includes('old.yaml'))).toMatch(/None {2,}no longer wanted/)
})

test('colour is only in the symbols and headings', () => {
  const coloured = formatPlan([preview()], { colours: colours(true), wide: false })
  expect(coloured).toContain('\u001b[32m+')
  expect(coloured).toContain('\u001b[31m-')
  expect(coloured).toContain('\u001b[36m!')
  const sgr = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')
  expect(coloured.replace(sgr, '')).toBe(formatPlan([preview()], plain))
})

test('contract: the shape of a plan in JSON', () => {
  const json = JSON.parse(JSON.stringify(planAsJson([preview()], { kind: 'machine', name: '/' })))
  expect(Object.keys(json)).toEqual(['apiVersion', 'kind', 'against', 'summary', 'clusters'])
  expect(json).toMatchObject({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Plan',
    against: { kind: 'machine', name: '/' },
    summary: { create: 2, change: 1, remove: 1, takeover: 1, impact: { kind: 'K3sRestart' } },
    clusters: [{ cluster: 'home', labels: { compared: true, changes: [{ effect: 'create', object: 'pi-1' }] } }],
  })
  const [node] = json.clusters[0].nodes
  expect(Object.keys(node)).toEqual(['node', 'changes', 'reported', 'waitingForRestart', 'drops', 'network'])
  expect(node.changes[0]).toEqual({
    effect: 'create',
    kind: 'create',
    id: 'file:/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml',
    path: '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml',
    cause: 'Revision',
    impact: { kind: 'K3sRestart', reason: 'K3s reads its flags when it starts' },
    origin: 'spec',
  })
})

test('a plan in JSON holds no content of any file', () => {
  const json = JSON.stringify(planAsJson([preview()], { kind: 'machine', name: '/' }))
  for (const content of ['flannel-backend', 'edited', '"theirs"']) expect(json).not.toContain(content)
})

function first() {
  const [node] = preview().nodes
  if (node === undefined) throw new Error('the sample has a node')
  return node
}

import { describe, expect, test } from 'vitest'
import { assumedFacts, type Facts, type NodeFacts, type ServiceFacts } from '../../src/domain/facts.ts'
import { enableLabel, poolLabel } from '../../src/k3s/servicelb-labels.ts'
import { type LbPreview, lbServiceState, previewLb } from '../../src/reconcile/preview-lb.ts'
import { desiredState, manifest } from '../lab/desired-state.ts'
import { agent, balancer, inPool, pooled } from '../lab/servicelb.ts'

const edge = {
  name: 'edge',
  nodes: { names: ['pi-2'] },
  services: [{ namespace: 'default', name: 'web' }],
}
const inventory = [
  { name: 'pi-1', role: 'server', addresses: ['192.168.1.11'] },
  { name: 'pi-2', role: 'agent', addresses: ['192.168.1.12'] },
]
const webManifest = manifest(
  'web.yaml',
  `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: LoadBalancer
  ports:
    - port: 8080
`,
)
const traefikOff = { components: { traefik: { enabled: false } } }

const server: NodeFacts = agent('pi-1', '192.168.1.11', { role: 'server', k3sVersion: 'v1.33.4+k3s1' })
const worker = agent('pi-2', '192.168.1.12')

function capture(services: readonly ServiceFacts[], changes: Partial<Facts> = {}): Facts {
  return { origin: 'capture', nodes: [server, worker], services, ...changes }
}

/** Service → state and addresses, before and after. */
function table(preview: LbPreview | undefined) {
  if (preview === undefined) throw new Error('nobody knows the nodes')
  const side = (state: LbPreview['before']) =>
    Object.fromEntries(state.services.map((one) => [one.key, [lbServiceState(one), ...one.actual.addresses]]))
  return { before: side(preview.before), after: side(preview.after), changed: preview.changed }
}

describe('without a capture', () => {
  test('the inventory, the manifests and the packaged Traefik are what there is', () => {
    const desired = desiredState({ nodes: inventory, loadBalancer: { pools: [edge] } }, [webManifest])
    expect(table(previewLb(desired, assumedFacts))).toEqual({
      before: {
        'default/web': ['Ready', '192.168.1.11', '192.168.1.12'],
        'kube-system/traefik': ['Ready', '192.168.1.11', '192.168.1.12'],
      },
      after: { 'default/web': ['Ready', '192.168.1.12'], 'kube-system/traefik': ['Ready', '192.168.1.12'] },
      changed: ['default/web', 'kube-system/traefik'],
    })
  })

  test('a Traefik that is disabled, or told to be no load balancer, is not there', () => {
    const off = desiredState({ nodes: inventory, ...traefikOff })
    expect(table(previewLb(off, assumedFacts)).after).toEqual({})
    const values = { service: { spec: { type: 'ClusterIP' } } }
    const internal = desiredState({ nodes: inventory, components: { traefik: { values } } })
    expect(table(previewLb(internal, assumedFacts)).after).toEqual({})
  })

  test('nothing is said about a cluster whose nodes nobody knows', () => {
    expect(previewLb(desiredState({ loadBalancer: { pools: [edge] } }), assumedFacts)).toBeUndefined()
  })
})

describe('with a capture', () => {
  const web = balancer('web', [8080], { createdAt: '2026-01-02T00:00:00Z' })

  test('a pool moves a Service to its nodes: Fairlead changes the annotation that makes K3s look', () => {
    const desired = desiredState({ loadBalancer: { pools: [edge] }, ...traefikOff })
    expect(table(previewLb(desired, capture([web])))).toEqual({
      before: { 'default/web': ['Ready', '192.168.1.11', '192.168.1.12'] },
      after: { 'default/web': ['Ready', '192.168.1.12'] },
      changed: ['default/web'],
    })
  })

  test('a label in a manifest moves nothing by itself', () => {
    const nodes = [
      { ...server, labels: pooled('inside') },
      { ...worker, labels: pooled('edge') },
    ]
    const relabelled = manifest(
      'web.yaml',
      webManifest.text.replace('name: web', `name: web\n  labels: {${poolLabel}: inside}`),
    )
    const desired = desiredState(traefikOff, [relabelled])
    const facts = capture([{ ...web, ...inPool('edge') }], { nodes })
    const preview = previewLb(desired, facts)
    expect(table(preview)).toMatchObject({ after: { 'default/web': ['Ready', '192.168.1.12'] }, changed: [] })
    expect(preview?.after.services[0]?.notes.map((note) => note.code)).toEqual(['look-needed'])
  })

  test('a Service that nobody puts into a pool is kept from its port by the one that has it', () => {
    const older = balancer('old', [8080], { createdAt: '2026-01-01T00:00:00Z' })
    const preview = table(previewLb(desiredState(traefikOff), capture([older, web])))
    expect(preview.after).toEqual({
      'default/old': ['Ready', '192.168.1.11', '192.168.1.12'],
      'default/web': ['Pending'],
    })
    expect(preview.changed).toEqual([])
  })

  test('what the DaemonSets select now is what counts before', () => {
    const nodes = [server, { ...worker, labels: pooled('edge') }]
    const servicelbDaemonSets = [{ service: 'default/web', nodeSelector: { [enableLabel]: 'true' } }]
    const facts = capture([{ ...web, ...inPool('gone') }], { nodes, servicelbDaemonSets })
    expect(table(previewLb(desiredState(traefikOff), facts)).before).toEqual({
      'default/web': ['Ready', '192.168.1.12'],
    })
  })

  test('ServiceLB that the repository turns off leaves the statuses as they are', () => {
    const desired = desiredState({ components: { servicelb: { enabled: false }, traefik: { enabled: false } } })
    const args = JSON.stringify(['server', '--disable', 'traefik'])
    const nodes = [{ ...server, annotations: { 'k3s.io/node-args': args } }, worker]
    const preview = table(previewLb(desired, capture([{ ...web, statusAddresses: ['192.168.1.12'] }], { nodes })))
    expect(preview).toEqual({
      before: { 'default/web': ['Ready', '192.168.1.11', '192.168.1.12'] },
      after: { 'default/web': ['NotServed', '192.168.1.12'] },
      changed: ['default/web'],
    })
  })

  test('ServiceLB that the nodes were started without is off before', () => {
    const args = JSON.stringify(['server', '--disable=traefik,servicelb'])
    const nodes = [{ ...server, annotations: { 'k3s.io/node-args': args } }, worker]
    const preview = table(previewLb(desiredState(traefikOff), capture([web], { nodes })))
    expect(preview.before).toEqual({ 'default/web': ['NotServed'] })
    expect(preview.after).toEqual({ 'default/web': ['Ready', '192.168.1.11', '192.168.1.12'] })
  })
})

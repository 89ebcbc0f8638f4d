import fc from 'fast-check'
import type { KubernetesObject, ServiceFacts } from '../../src/domain/facts.ts'
import type { LintSubject } from '../../src/lint/subject.ts'
import { object, subject } from '../lab/lint-subject.ts'
import { anyRelease, awkwardText } from './arbitrary-documents.ts'
import { anyJson } from './arbitrary-json.ts'
import { anyNode, textRecord } from './arbitrary-nodes.ts'
import { tellingObject } from './arbitrary-objects.ts'
import { text } from './arbitrary-settings.ts'

const kinds = [
  ['v1', ['Service', 'ConfigMap', 'Namespace', 'Secret', 'Pod', 'ServiceAccount']],
  ['apps/v1', ['DaemonSet', 'Deployment']],
  ['helm.cattle.io/v1', ['HelmChart', 'HelmChartConfig']],
  ['k3s.cattle.io/v1', ['Addon']],
  ['networking.k8s.io/v1', ['NetworkPolicy', 'Ingress', 'IngressClass']],
  ['traefik.io/v1alpha1', ['IngressRoute', 'Middleware', 'TLSOption']],
  ['traefik.containo.us/v1alpha1', ['IngressRoute', 'Middleware']],
  ['k8s.cni.cncf.io/v1', ['NetworkAttachmentDefinition']],
  ['operator.tigera.io/v1', ['Installation']],
  ['crd.projectcalico.org/v1', ['IPPool', 'FelixConfiguration']],
  ['metallb.io/v1beta1', ['IPAddressPool']],
  ['apiextensions.k8s.io/v1', ['CustomResourceDefinition']],
] as const

const typed = fc.constantFrom(
  ...kinds.flatMap(([apiVersion, names]) => names.map((kind) => ({ apiVersion, kind: String(kind) }))),
)
const names = fc.constantFrom('traefik', 'coredns', 'coredns-custom', 'kube-dns', 'calico-node', 'cilium', 'x', 'edge')
const namespaces = fc.constantFrom('kube-system', 'default', 'metallb-system')
export const anyKubernetesObject: fc.Arbitrary<KubernetesObject> = fc
  .record({ type: typed, name: names, namespace: namespaces, labels: textRecord, spec: anyJson, data: anyJson })
  .map(({ type, name, namespace, labels, spec, data }) => ({
    ...type,
    metadata: { name, namespace, labels, annotations: labels },
    spec,
    data,
  }))

const anyService: fc.Arbitrary<ServiceFacts> = fc
  .tuple(
    fc.record({
      namespace: namespaces,
      name: names,
      type: fc.constantFrom('LoadBalancer', 'ClusterIP'),
      labels: textRecord,
    }),
    fc.record(
      {
        annotations: textRecord,
        clusterIP: text,
        ports: fc.array(
          fc.record({
            protocol: fc.constantFrom('TCP', 'UDP'),
            port: fc.constantFrom(53, 80, 443, 6443, 10_250, 30_100),
            nodePort: fc.constantFrom(30_080, 99),
          }),
          { maxLength: 3 },
        ),
        endpointNodes: fc.subarray(['pi-1', 'pi-2', 'gone']),
        allocateLoadBalancerNodePorts: fc.boolean(),
        createdAt: fc.constantFrom('2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'),
        isDeleting: fc.boolean(),
        ipFamilies: fc.subarray([4, 6] as const),
        externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
        loadBalancerClass: text,
        externalIPs: fc.array(text, { maxLength: 2 }),
        loadBalancerSourceRanges: fc.array(fc.oneof(fc.constantFrom('10.0.0.0/8', 'fd00::/8', '10.0.0.0'), text), {
          maxLength: 2,
        }),
        statusAddresses: fc.array(fc.oneof(fc.constantFrom('192.168.1.11', '203.0.113.9'), text), { maxLength: 2 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([own, more]) => ({ ...own, ...more }))

const manifestFile = fc.record({
  name: fc.constantFrom(
    ...['traefik.yaml', 'A_b.yml', 'x.yaml.skip', 'traefik.yaml.skip', 'coredns.yaml', 'lan.yaml', 'lan.yml'],
    ...['fairlead-x.yaml', 'notes.txt', 'a b.yaml', 'sub/lan.yaml'],
  ),
  text: fc.oneof(
    awkwardText,
    fc.constantFrom(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: lan, namespace: default }\n',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: lan, labels: { a: true } }\n',
    ),
  ),
  isPackaged: fc.boolean(),
})

const hostPortPod = fc.record({
  namespace: namespaces,
  name: names,
  node: fc.constantFrom('pi-1', 'pi-2'),
  ports: fc.constantFrom([{ protocol: 'TCP', port: 80 }] as const, [{ protocol: 'TCP', port: 443 }] as const),
})

const anySubjectAlone: fc.Arbitrary<LintSubject> = fc
  .record({
    version: fc.oneof({ weight: 5, arbitrary: anyRelease }, fc.constant('unknown')),
    isMixed: fc.nat(4).map((one) => one === 0),
    scope: fc.constantFrom('repository', 'capture', 'machine'),
    nodes: fc.array(anyNode, { maxLength: 3 }),
    objects: fc.array(
      fc
        .tuple(
          fc.oneof(anyKubernetesObject, { weight: 4, arbitrary: tellingObject }),
          fc.constantFrom('repository', 'rendered', 'machine', 'live'),
        )
        .map(([value, origin]) => object(value, origin)),
      { maxLength: 6 },
    ),
    services: fc.array(anyService, { maxLength: 3 }),
    origin: fc.constantFrom('live', 'capture', 'inventory', 'assumed'),
    hostPortPods: fc.array(hostPortPod, { maxLength: 2 }),
    manifests: fc.array(manifestFile, { maxLength: 3 }),
  })
  .map(({ origin, manifests, nodes, isMixed, hostPortPods, ...rest }) => {
    const live = rest.objects.filter((one) => one.origin === 'live').map((one) => one.object)
    const one = subject({
      ...rest,
      nodes,
      facts: { origin, hostPortPods, objects: live },
      manifests: manifests.map(({ isPackaged, ...file }) => ({
        ...file,
        file: `/var/lib/rancher/k3s/server/manifests/${file.name}`,
        ...(isPackaged ? { isPackaged } : {}),
      })),
    })
    const { version } = one
    return isMixed || version === undefined ? one : { ...one, nodes: nodes.map((each) => ({ ...each, version })) }
  })

/** Whatever a repository, a capture or a machine could show the rules, and what was there before. */
export const anySubject: fc.Arbitrary<LintSubject> = fc
  .tuple(anySubjectAlone, fc.option(anySubjectAlone, { nil: undefined }), fc.boolean())
  .map(([now, before, isKept]) => {
    if (before === undefined) return now
    // A change leaves most of a cluster as it was.
    return { ...now, before: isKept ? { ...before, objects: now.objects, services: now.services } : before }
  })

/** The same, on one release throughout. */
export function onRelease(one: LintSubject, text: string): LintSubject {
  const { version } = subject({ version: text })
  if (version === undefined) throw new Error(text)
  return { ...one, version, nodes: one.nodes.map((node) => ({ ...node, version })) }
}

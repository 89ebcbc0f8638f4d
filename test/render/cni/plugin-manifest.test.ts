import { describe, expect, test } from 'vitest'
import { renderCniManifests } from '../../../src/render/cni/cni-manifests.ts'
import { changes, codes, dualStack, ipv6Only, rendered, vendored } from './rendered-cni.ts'
import { calicoManifest, canalManifest, ciliumManifest } from './vendored-manifests.ts'

const manifest = 'plugin.yaml'
const apiServer = { host: '192.168.1.10' }
const multus = { repository: 'https://rke2-charts.rancher.io' }

interface Case {
  readonly name: string
  readonly spec: Readonly<Record<string, unknown>>
  readonly text: string
  readonly changed: readonly string[]
}

const forwarding = ['-          }', '+          },', '+          "container_settings": { "allow_ip_forwarding": true }']
const calicoPool4 = [
  '-            # - name: CALICO_IPV4POOL_CIDR',
  '-            #   value: "192.168.0.0/16"',
  '+            - name: CALICO_IPV4POOL_CIDR',
]
const felix6 = ['-              value: "false"', '+              value: "true"']

const cases: readonly Case[] = [
  {
    name: 'calico with the ranges of K3s',
    spec: { cni: { plugin: 'calico', manifest } },
    text: calicoManifest,
    changed: [...forwarding, ...calicoPool4, '+              value: "10.42.0.0/16"'],
  },
  {
    name: 'calico with both families',
    spec: { addressing: dualStack, cni: { plugin: 'calico', manifest } },
    text: calicoManifest,
    changed: [
      '-              "type": "calico-ipam"',
      '+              "type": "calico-ipam",',
      '+              "assign_ipv4": "true",',
      '+              "assign_ipv6": "true"',
      ...forwarding,
      ...calicoPool4,
      '+              value: "10.50.0.0/16"',
      ...felix6,
      '+            - name: CALICO_IPV6POOL_CIDR',
      '+              value: "fd00:50::/56"',
      '+            - name: IP6',
      '+              value: "autodetect"',
    ],
  },
  {
    name: 'calico with IPv6 alone',
    spec: { addressing: ipv6Only, cni: { plugin: 'calico', manifest } },
    text: calicoManifest,
    changed: [
      '-              "type": "calico-ipam"',
      '+              "type": "calico-ipam",',
      '+              "assign_ipv4": "false",',
      '+              "assign_ipv6": "true"',
      ...forwarding,
      '-              value: "autodetect"',
      '+              value: "none"',
      ...felix6,
      '+            - name: CALICO_IPV6POOL_CIDR',
      '+              value: "fd00:50::/56"',
      '+            - name: IP6',
      '+              value: "autodetect"',
      '+            - name: CALICO_ROUTER_ID',
      '+              value: "hash"',
    ],
  },
  {
    name: 'calico that is told where the API server is',
    spec: { cni: { plugin: 'calico', manifest, apiServer } },
    text: calicoManifest,
    changed: [
      ...forwarding,
      ...calicoPool4,
      '+              value: "10.42.0.0/16"',
      '+---',
      '+apiVersion: "v1"',
      '+data:',
      '+  KUBERNETES_SERVICE_HOST: "192.168.1.10"',
      '+  KUBERNETES_SERVICE_PORT: "6443"',
      '+kind: "ConfigMap"',
      '+metadata:',
      '+  name: "kubernetes-services-endpoint"',
      '+  namespace: "kube-system"',
    ],
  },
  {
    name: 'canal with the ranges of K3s',
    spec: { cni: { plugin: 'canal', manifest } },
    text: canalManifest,
    changed: [...forwarding, '-      "Network": "10.244.0.0/16",', '+      "Network": "10.42.0.0/16",'],
  },
  {
    name: 'canal with both families',
    spec: { addressing: dualStack, cni: { plugin: 'canal', manifest } },
    text: canalManifest,
    changed: [
      '-              "subnet": "usePodCidr"',
      '-          }',
      '+              "ranges": [[{ "subnet": "usePodCidr" }], [{ "subnet": "usePodCidrIPv6" }]]',
      ...forwarding.slice(1),
      '-      "Network": "10.244.0.0/16",',
      '+      "Network": "10.50.0.0/16",',
      '-      }',
      '+      },',
      '+      "EnableIPv4": true,',
      '+      "EnableIPv6": true,',
      '+      "IPv6Network": "fd00:50::/56"',
      ...felix6,
    ],
  },
  {
    name: 'canal with IPv6 alone',
    spec: { addressing: ipv6Only, cni: { plugin: 'canal', manifest } },
    text: canalManifest,
    changed: [
      '-              "subnet": "usePodCidr"',
      '-          }',
      '+              "ranges": [[{ "subnet": "usePodCidrIPv6" }]]',
      ...forwarding.slice(1),
      '-      "Network": "10.244.0.0/16",',
      '+      "Network": "0.0.0.0/0",',
      '-      }',
      '+      },',
      '+      "EnableIPv4": false,',
      '+      "EnableIPv6": true,',
      '+      "IPv6Network": "fd00:50::/56"',
      ...felix6,
    ],
  },
  {
    name: 'cilium beside kube-proxy',
    spec: { cni: { plugin: 'cilium', manifest } },
    text: ciliumManifest,
    changed: ['-  cluster-pool-ipv4-cidr: "10.0.0.0/8"', '+  cluster-pool-ipv4-cidr: "10.42.0.0/16"'],
  },
  {
    name: 'cilium in the place of kube-proxy, with both families and Multus',
    spec: {
      addressing: dualStack,
      cni: { plugin: 'cilium', manifest, kubeProxyReplacement: true, apiServer, secondary: { multus } },
    },
    text: ciliumManifest,
    changed: [
      '-  enable-ipv6: "false"',
      '+  enable-ipv6: "true"',
      '-  cluster-pool-ipv4-cidr: "10.0.0.0/8"',
      '+  cluster-pool-ipv4-cidr: "10.50.0.0/16"',
      '-  kube-proxy-replacement: "false"',
      '-  cni-exclusive: "true"',
      '+  kube-proxy-replacement: "true"',
      '+  cni-exclusive: "false"',
      '+  cluster-pool-ipv6-cidr: "fd00:50::/56"',
      '+  cluster-pool-ipv6-mask-size: "64"',
      ...Array.from({ length: 3 }, () => [
        '+        - name: KUBERNETES_SERVICE_HOST',
        '+          value: "192.168.1.10"',
        '+        - name: KUBERNETES_SERVICE_PORT',
        '+          value: "6443"',
      ]).flat(),
    ],
  },
  {
    name: 'an old cilium, which has words for the ways to replace kube-proxy',
    spec: { cni: { plugin: 'cilium', manifest, kubeProxyReplacement: true, apiServer: undefined } },
    text: ciliumManifest.replace('kube-proxy-replacement: "false"', 'kube-proxy-replacement: "disabled"'),
    changed: [
      '-  cluster-pool-ipv4-cidr: "10.0.0.0/8"',
      '+  cluster-pool-ipv4-cidr: "10.42.0.0/16"',
      '-  kube-proxy-replacement: "disabled"',
      '+  kube-proxy-replacement: "strict"',
    ],
  },
]

describe('a vendored manifest is set for the cluster, and nothing else in it changes', () => {
  for (const { name, spec, text, changed } of cases) {
    test(name, () => {
      const desired = vendored(spec, text)
      expect(codes(desired)).toEqual([])
      expect(changes(desired)).toEqual(changed)
      const again = vendored(spec, rendered(desired, 'fairlead-cni'))
      expect(codes(again), 'patched again').toEqual([])
      expect(changes(again), 'patched again').toEqual([])
    })
  }
})

test('the file comes from the cluster directory', () => {
  const [file] = renderCniManifests(vendored({ cni: { plugin: 'calico', manifest: 'plugin.yaml' } }, calicoManifest))
  expect(file).toMatchObject({
    path: '/var/lib/rancher/k3s/server/manifests/fairlead-cni.yaml',
    location: 'manifest',
    origin: 'clusters/home/cni/plugin.yaml',
  })
})

import * as z from 'zod'
import { k3sFlags, metadata, nodeSelector, secretValues, serviceReference } from './common-parts.ts'
import { atLeastOne, exactlyOne, oneOfEachFamily, onlyOne } from './rules.ts'
import {
  address,
  chartUrl,
  cidr,
  configMapKey,
  confirmTimeout,
  cronExpression,
  disableItem,
  dnsLabel,
  dnsSubdomain,
  host,
  httpUrl,
  labels,
  localFile,
  networkInterface,
  nodePortRange,
  ociUrl,
  port,
  relativePath,
  release,
  timeZone,
  windowDuration,
} from './value-forms.ts'

const addressing = z
  .strictObject({
    clusterCIDR: z
      .array(cidr)
      .min(1)
      .max(2)
      .check(oneOfEachFamily)
      .optional()
      .describe('Address ranges of pods, at most one per family. K3s takes 10.42.0.0/16 when this is not written.'),
    serviceCIDR: z
      .array(cidr)
      .min(1)
      .max(2)
      .check(oneOfEachFamily)
      .optional()
      .describe('Address ranges of Services, at most one per family. K3s takes 10.43.0.0/16 when this is not written.'),
    serviceNodePortRange: nodePortRange
      .optional()
      .describe(
        'Ports that NodePort Services may take, as first-last. K3s takes 30000-32767 when this is not written.',
      ),
    clusterDNS: z
      .array(address)
      .min(1)
      .max(2)
      .check(oneOfEachFamily)
      .optional()
      .describe('Addresses of the cluster DNS Service, inside serviceCIDR. K3s takes the tenth address of the range.'),
    clusterDomain: dnsSubdomain
      .optional()
      .describe('DNS domain of the cluster. K3s takes cluster.local when this is not written.'),
  })
  .prefault({})
  .describe(
    'Address ranges and names that a cluster keeps for life. A field that is not written is not managed; a change on a living cluster is refused with the way out.',
  )

const tunnelMtu = z
  .int()
  .min(1280)
  .max(65_535)
  .describe('MTU of the link below in bytes; flannel subtracts its own header. That of the interface when not written.')

const flannel = z
  .strictObject({
    backend: z
      .enum(['vxlan', 'host-gw', 'wireguard-native', 'wireguard', 'ipsec', 'none'])
      .default('vxlan')
      .describe(
        'How pod traffic travels between nodes. wireguard and ipsec exist in old K3s only; none turns flannel off, like plugin none.',
      ),
    directRouting: z
      .boolean()
      .default(false)
      .describe('With vxlan: nodes in the same subnet reach each other by routes instead of the tunnel.'),
    interface: networkInterface
      .optional()
      .describe(
        'Network interface that carries pod traffic between nodes; that of the default route when not written.',
      ),
    ipv6Masq: z
      .boolean()
      .default(false)
      .describe('Masquerade IPv6 traffic of pods that leaves the cluster; needed where pods have ULA addresses.'),
    externalIP: z
      .boolean()
      .default(false)
      .describe('Nodes reach each other over their external addresses, for clusters across sites.'),
    vxlan: z
      .strictObject({
        vni: z.int().min(1).max(16_777_215).optional().describe('VXLAN identifier; 1 when not written.'),
        port: port.optional().describe('UDP port; 8472 when not written.'),
        mtu: tunnelMtu.optional(),
        gbp: z.boolean().default(false).describe('Group policy extension.'),
        learning: z.boolean().default(false).describe('MAC address learning.'),
      })
      .prefault({})
      .describe('Options of the vxlan backend; each of them renders a flannel-conf file.'),
    wireguard: z
      .strictObject({
        mode: z
          .enum(['separate', 'auto', 'ipv4', 'ipv6'])
          .optional()
          .describe('One tunnel per address family (separate, the default), or one for both.'),
        listenPort: port.optional().describe('UDP port; 51820 when not written.'),
        listenPortV6: port.optional().describe('UDP port of the IPv6 tunnel in mode separate; 51821 when not written.'),
        persistentKeepaliveInterval: z
          .int()
          .min(0)
          .max(65_535)
          .optional()
          .describe('Seconds between keep-alives; K3s takes 25, 0 turns them off.'),
        mtu: tunnelMtu.optional(),
      })
      .prefault({})
      .describe('Options of the wireguard-native backend; each of them renders a flannel-conf file.'),
  })
  .prefault({})
  .describe('Options of flannel. They count only with plugin flannel.')

const macvlanNetwork = z.strictObject({
  name: dnsSubdomain.describe(
    'Name of the network, as pods ask for it in their k8s.v1.cni.cncf.io/networks annotation.',
  ),
  namespace: dnsLabel.default('default').describe('Namespace of the NetworkAttachmentDefinition.'),
  interface: networkInterface.describe('Interface of the node that the network sits on.'),
  mode: z.enum(['bridge', 'private', 'vepa', 'passthru']).default('bridge').describe('macvlan mode.'),
  subnet: cidr.optional().describe('Address range of the network, for static addresses.'),
  gateway: address.optional().describe('Gateway of the network.'),
  rangeStart: address.optional().describe('First address to be given to pods.'),
  rangeEnd: address.optional().describe('Last address to be given to pods.'),
  ipam: z
    .enum(['host-local', 'whereabouts', 'dhcp', 'static'])
    .optional()
    .describe(
      'Who gives out addresses: host-local knows one node only, whereabouts the whole cluster. With a subnet host-local, without one dhcp, when not written.',
    ),
})

const chartFields = {
  repository: chartUrl.optional().describe('Address of the chart repository, without credentials.'),
  oci: ociUrl.optional().describe('Reference of the chart in an OCI registry.'),
  file: localFile
    .optional()
    .describe('A chart archive below charts/ in the cluster directory, for machines without internet.'),
  version: z.string().min(1).max(128).optional().describe('Version of the chart. Written, it is pinned.'),
  values: z.record(z.string(), z.unknown()).default({}).describe('Helm values; they win over what Fairlead sets.'),
}

const pluginChart = z
  .strictObject({
    ...chartFields,
    name: dnsSubdomain
      .optional()
      .describe(
        'Name of the chart in the repository; tigera-operator, rke2-canal, cilium or rke2-multus when not written.',
      ),
    namespace: dnsLabel.optional().describe('Namespace that the chart is installed to.'),
  })
  .check(exactlyOne('repository', 'oci', 'file'))

const cni = z
  .strictObject({
    plugin: z
      .enum(['flannel', 'calico', 'canal', 'cilium', 'none'])
      .default('flannel')
      .describe('Who builds the pod network. flannel is part of K3s; none leaves it to somebody else.'),
    flannel,
    chart: pluginChart
      .optional()
      .describe('The Helm chart that installs calico (its operator), canal or cilium, before there is a pod network.'),
    manifest: localFile
      .optional()
      .describe(
        "The plugin's own manifest, kept in the cluster directory and named below its cni/; Fairlead sets the address range and IP forwarding in it.",
      ),
    kubeProxyReplacement: z
      .boolean()
      .default(false)
      .describe('Whether cilium takes the place of kube-proxy, which is then disabled.'),
    apiServer: z
      .strictObject({
        host: host.describe('Host name or address.'),
        port: port.default(6443).describe('Port.'),
      })
      .optional()
      .describe(
        'How the plugin reaches the API server while there is no Service network; needed by kubeProxyReplacement.',
      ),
    secondary: z
      .strictObject({
        multus: pluginChart
          .optional()
          .describe('The chart that installs Multus; rke2-multus from rke2-charts.rancher.io fits K3s.'),
        macvlan: z.array(macvlanNetwork).default([]).describe('macvlan networks, by Multus.'),
      })
      .prefault({})
      .describe('Further networks for pods, beside the cluster network.'),
  })
  .check(onlyOne('chart', 'manifest'))
  .prefault({})
  .describe('The pod network.')

const packaged = 'Whether K3s deploys it. false removes it and what it made.'
const builtIn = 'Whether K3s runs it. false stops it; what it has set up on the machines stays until it is cleared.'

function component(what: string, switchText: string) {
  return z
    .strictObject({ enabled: enabledSwitch(switchText) })
    .prefault({})
    .describe(what)
}

function enabledSwitch(text: string) {
  return z.boolean().default(true).describe(text)
}

const dashboard = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Whether the dashboard has a route.'),
    host: dnsSubdomain.describe('Host name that the dashboard answers to.'),
    basicAuthSecret: dnsSubdomain
      .optional()
      .describe('Secret in kube-system with users for basic authentication (key users, htpasswd format).'),
    entryPoints: z
      .array(dnsLabel)
      .min(1)
      .default(['websecure'])
      .describe('Entry points of Traefik that the dashboard is reached through.'),
  })
  .optional()
  .describe('A route to the Traefik dashboard.')

const coredns = z
  .strictObject({
    enabled: enabledSwitch(packaged),
    custom: z
      .record(configMapKey, z.string())
      .default({})
      .describe(
        'Files of the ConfigMap coredns-custom: NAME.server adds a server block, NAME.override goes into the default one.',
      ),
  })
  .prefault({})
  .describe('CoreDNS, the DNS server of the cluster.')

const failurePolicy = z
  .enum(['reinstall', 'abort', 'retry'])
  .optional()
  .describe(
    'What K3s does when the chart fails to upgrade: uninstall and install it again, stop (abort, taken when not written), or (releases since July 2026) upgrade again.',
  )

const traefik = z
  .strictObject({
    enabled: enabledSwitch(packaged),
    values: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Helm values of the packaged Traefik chart; becomes a HelmChartConfig.'),
    valuesFrom: secretValues,
    failurePolicy,
    dashboard,
  })
  .prefault({})
  .describe('Traefik, the ingress controller that K3s ships.')

const components = z
  .strictObject({
    coredns,
    traefik,
    servicelb: z
      .strictObject({
        enabled: enabledSwitch(packaged),
        namespace: dnsLabel.optional().describe('Namespace of its DaemonSets; kube-system when not written.'),
      })
      .prefault({})
      .describe('ServiceLB, which gives LoadBalancer Services the addresses of nodes.'),
    networkPolicy: component(
      'The network policy controller of K3s (kube-router). Off with calico, canal and cilium, which enforce policies themselves.',
      builtIn,
    ),
    cloudController: z
      .strictObject({
        enabled: enabledSwitch(builtIn),
        external: z
          .boolean()
          .default(false)
          .describe(
            'Another cloud controller takes its place: kubelets are told to wait for it. Counts only while enabled is false.',
          ),
      })
      .prefault({})
      .describe('The cloud controller of K3s, which sets the addresses of nodes.'),
    helmController: component(
      'The Helm controller, which installs HelmCharts, the packaged Traefik among them.',
      builtIn,
    ),
    kubeProxy: component(
      'kube-proxy, which translates Service addresses. Off with cni.kubeProxyReplacement under cilium.',
      builtIn,
    ),
    metricsServer: component('metrics-server, which answers kubectl top.', packaged),
    localStorage: component('The local-path storage provisioner.', packaged),
    disable: z
      .array(disableItem)
      .default([])
      .describe(
        "Further items of K3s's disable list that have no switch: runtimes, or the name of a file without its extension.",
      ),
  })
  .prefault({})
  .describe(
    'The components that K3s ships, each with its switch. What is not written is enabled, but for networkPolicy and kubeProxy where a CNI plugin does their work.',
  )

const helmChartConfig = z
  .strictObject({
    name: dnsSubdomain.describe('Name of the HelmChart that is overridden.'),
    namespace: dnsLabel.default('kube-system').describe('Namespace of the HelmChart.'),
    values: z.record(z.string(), z.unknown()).optional().describe('Helm values, as an object.'),
    valuesContent: z.string().optional().describe('Helm values, as the text of a YAML file, instead of values.'),
    valuesFrom: secretValues,
    failurePolicy,
  })
  .check(onlyOne('values', 'valuesContent'))
  .check(atLeastOne('values', 'valuesContent', 'valuesFrom', 'failurePolicy'))

const inventoryNode = z.strictObject({
  name: dnsSubdomain.describe(
    'Name that the node registers with: its host name, or the nodeName that a NodeNetwork gives it. It is not told to K3s; pools, NodeNetworks and --node mean the node by it.',
  ),
  role: z.enum(['server', 'agent']).describe('Whether it runs the control plane.'),
  addresses: z
    .array(address)
    .min(1)
    .max(2)
    .check(oneOfEachFamily)
    .optional()
    .describe(
      'Its addresses, at most one per family. Written, K3s is told to announce them (node-ip); the nodeIP of a NodeNetwork for this node wins.',
    ),
  labels: labels.default({}).describe('Labels that it will carry, for the selectors of pools and NodeNetworks.'),
})

const pool = z.strictObject({
  name: dnsLabel.describe('Name of the pool; becomes the label svccontroller.k3s.cattle.io/lbpool.'),
  nodes: nodeSelector.describe('The nodes whose addresses the pool offers.'),
  services: z.array(serviceReference).default([]).describe('The LoadBalancer Services that the pool serves.'),
})

const drift = z
  .strictObject({
    packagedFiles: z
      .enum(['Restore', 'Report'])
      .default('Restore')
      .describe('What happens to an edited packaged file: put back as K3s staged it (the edit is kept), or reported.'),
    drops: z
      .enum(['Allow', 'Report', 'Quarantine', 'Adopt'])
      .default('Allow')
      .describe(
        'What happens to a file that somebody else puts into the manifests directory. Adopt opens a branch in the repository with it.',
      ),
  })
  .prefault({})
  .describe('How differences between the machines and the repository are treated.')

const cleanups = z
  .strictObject({
    networkPolicy: z
      .enum(['Confirm', 'Auto'])
      .default('Confirm')
      .describe(
        'What happens to leftovers that still block traffic: the rules of the network policy controller, of Calico, of kube-proxy. Confirm: the agent reports them, and fairlead cleanup removes them after a yes. Auto: the agent removes them once their owner is proven gone, and traffic that they blocked may flow.',
      ),
  })
  .prefault({})
  .describe('What nodes do with what former components left behind. Other leftovers go without a question.')

const maintenanceWindow = z.strictObject({
  schedule: cronExpression.describe('When the window opens: five cron fields.'),
  duration: windowDuration.describe('How long it stays open: 1m to 24h, like 2h or 1h30m.'),
  timeZone: timeZone.default('UTC').describe('IANA time zone of the schedule, like Europe/Berlin.'),
})

const rollout = z
  .strictObject({
    maxUnavailable: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .describe('How many nodes may be in a risky change at the same time, after the first one succeeded.'),
    confirmTimeout: confirmTimeout
      .default('60s')
      .describe('How long a risky change may stay unconfirmed before it is rolled back: 10s to 5m.'),
    windows: z.array(maintenanceWindow).default([]).describe('Maintenance windows.'),
    requireWindowFor: z
      .array(z.enum(['PodRestart', 'NewConnections', 'K3sRestart', 'DataPlaneOutage']))
      .default(['K3sRestart', 'DataPlaneOutage'])
      .describe('Impacts that wait for a maintenance window, where there are any.'),
  })
  .prefault({})
  .describe('How changes that interrupt something reach the nodes.')

const probe = z
  .strictObject({
    name: dnsLabel.describe('Name of the probe in reports.'),
    tcp: z
      .strictObject({
        host: host.describe('Host name or address.'),
        port: port.describe('Port to connect to.'),
      })
      .optional()
      .describe('Succeeds when a connection opens.'),
    http: z
      .strictObject({
        url: httpUrl.describe('http:// or https:// address, without credentials.'),
        status: z.int().min(100).max(599).default(200).describe('Status code that counts as success.'),
      })
      .optional()
      .describe('Succeeds when the answer has the expected status.'),
    ping: z
      .strictObject({ host: host.describe('Host name or address.') })
      .optional()
      .describe('Succeeds on an echo reply.'),
  })
  .check(exactlyOne('tcp', 'http', 'ping'))

export const clusterNetworkSchema = z
  .strictObject({
    apiVersion: z.literal('fairlead.dev/v1alpha1').describe('Always fairlead.dev/v1alpha1.'),
    kind: z.literal('ClusterNetwork').describe('Always ClusterNetwork.'),
    extends: relativePath
      .optional()
      .describe(
        'Another network.yaml that this one builds on: a directory or file relative to this file, like ../../base. Objects are merged, lists and values replaced.',
      ),
    metadata,
    spec: z
      .strictObject({
        k3sVersion: release.describe(
          'K3s release of the cluster, like v1.33.4+k3s1. Decides which flags, backends and charts exist.',
        ),
        nodes: z
          .array(inventoryNode)
          .default([])
          .describe(
            'Machines of the cluster, known before they exist: fairlead bootstrap and offline plans take them from here.',
          ),
        addressing,
        cni,
        components,
        k3sFlags: z
          .strictObject({
            servers: k3sFlags(
              'Further flags of every server, by their name in config.yaml. A flag that stands here as well as in nodes has this value on servers, and the other one on agents.',
            ),
            nodes: k3sFlags(
              'Further flags of every node, servers and agents, by their name in config.yaml: what is written nowhere closer to the node.',
            ),
          })
          .prefault({})
          .describe(
            'Flags of K3s that have no field of their own here. They are checked for the release. From general to specific: nodes, servers, spec.nodes (addresses), k3sFlags and fields of a NodeNetwork; the most specific one wins whole, and lists are replaced, not joined.',
          ),
        helmChartConfigs: z
          .array(helmChartConfig)
          .default([])
          .describe('Values for any other HelmChart in the cluster; each becomes a HelmChartConfig.'),
        loadBalancer: z
          .strictObject({ pools: z.array(pool).default([]).describe('Which nodes serve which LoadBalancer Services.') })
          .prefault({})
          .describe('ServiceLB.'),
        drift,
        cleanups,
        rollout,
        probes: z
          .array(probe)
          .default([])
          .describe('Checks after a risky change, beside the built-in ones (API server, gateway, DNS, peers).'),
      })
      .describe('The network that the cluster shall have.'),
  })
  .describe('The network of one K3s cluster: clusters/NAME/network.yaml.')

import type { FeatureGate } from './feature-gate.ts'

/** Gates of configuration files, addressing, flannel, the network policy controller and nodes. */
export const networkGates = {
  'config-file': {
    title: 'the configuration file',
    since: ['1.19.1'],
    source: 'k3s-io/k3s pkg/configfilearg/parser.go',
  },
  'drop-in-folder': {
    title: 'files in config.yaml.d',
    since: ['1.21.0'],
    source: 'k3s-io/docs docs/installation/configuration.md',
  },
  'append-keys': {
    title: 'keys that end in + and append',
    since: ['1.21.1'],
    source: 'k3s-io/docs docs/installation/configuration.md',
  },
  'drop-ins-without-main-file': {
    title: 'drop-ins that count for every early reader even where config.yaml is missing',
    since: ['1.30.4', '1.31.0'],
    source: 'k3s-networking §2.1',
  },
  'critical-argument-check': {
    title: 'the comparison of critical arguments when a server joins',
    since: ['1.20.14', '1.21.8', '1.22.5', '1.23.1'],
    source: 'k3s-io/k3s pkg/cluster/bootstrap.go',
  },
  'critical-argument-names': {
    title: 'flag names in the message about a critical argument',
    since: ['1.24.8', '1.25.4'],
    source: 'k3s-io/k3s pkg/cluster/bootstrap.go',
  },
  'dual-stack-control-plane': {
    title: 'two families in the control plane',
    since: ['1.21.0'],
    source: 'k3s-networking §1.1',
  },
  'dual-stack-flannel': { title: 'two families with flannel', since: ['1.22.2'], source: 'k3s-networking §1.1' },
  'dual-stack-stable': {
    title: 'two families as a documented feature',
    since: ['1.23.7'],
    source: 'k3s-io/docs docs/networking/basic-network-options.md',
  },
  'ipv6-only': {
    title: 'clusters with IPv6 alone',
    since: ['1.22.9', '1.23.6'],
    source: 'k3s-io/docs docs/networking/basic-network-options.md',
  },
  'node-ip-both-families': {
    title: 'node addresses of both families found without node-ip',
    since: ['1.24.4', '1.25.0'],
    source: 'k3s-io/k3s pkg/util/net.go',
  },
  'node-ip-order-follows-cluster-cidr': {
    title: 'the two entries of node-ip put into the order of cluster-cidr',
    since: ['1.26.15', '1.27.12', '1.28.8', '1.29.3'],
    source: 'k3s-io/k3s pkg/agent/config/config.go',
  },
  'node-external-ip-comma-san': {
    title: 'comma-joined external addresses as separate names of the server certificate',
    since: ['1.33.11', '1.34.7', '1.35.4', '1.36.0'],
    source: 'k3s-io/k3s#13989, #13990, #13991, #13992; k3s-networking §2.4',
  },
  'backend-option-syntax': {
    title: 'flannel-backend with options after =',
    since: ['1.22.11', '1.23.8', '1.24.2'],
    until: ['1.27.0'],
    source: 'k3s-io/k3s#5552, #5721, #5722, docs/adrs/flannel-options.md',
  },
  'bundled-ipsec-binaries': {
    title: 'swanctl and charon inside K3s',
    until: ['1.23.15', '1.24.9', '1.25.5'],
    source: 'k3s-io/k3s docs/adrs/flannel-options.md',
  },
  'flannel-cni-conf-ignored': {
    title: 'flannel-cni-conf that is accepted and not read',
    // Every release that has the change of CNI startup (#13262); 1.32 and 1.33 ended before the repair.
    since: ['1.32.11', '1.33.7', '1.34.3', '1.35.0'],
    // 1.37.1 says so; the others are the September 2026 releases of their branches.
    until: ['1.34.12', '1.35.9', '1.36.5', '1.37.1'],
    source: 'k3s-io/k3s#13262, #13326, #14597, #14598; k3s-io/docs docs/release-notes/v1.32.X.md, v1.37.X.md',
  },
  'flannel-overwrite-cleanup': {
    title: "removal of flannel's address annotations when flannel-external-ip is turned off",
    since: ['1.32.11+k3s3', '1.33.7+k3s3', '1.34.3+k3s3', '1.35.0+k3s3'],
    source: 'k3s-io/k3s#13388, #13501, #13502, #13503, #13504; k3s-networking §3.5',
  },
  'vpn-control-server': {
    title: 'controlServerURL in vpn-auth',
    since: ['1.27.4'],
    source: 'k3s-io/docs docs/networking/distributed-multicloud.md',
  },
  'vpn-extra-arguments': {
    title: 'extraArgs in vpn-auth',
    since: ['1.28.3'],
    source: 'k3s-io/docs docs/networking/distributed-multicloud.md',
  },
  'none-backend-hang': {
    title: 'a start that hangs with flannel-backend none and the network policy controller',
    since: ['1.26.13', '1.27.10', '1.28.6', '1.29.1'],
    until: ['1.26.14', '1.27.11', '1.28.7', '1.29.2'],
    source: 'k3s-io/k3s#9570, #9571',
  },
  'network-policy-address-crash': {
    title: 'a network policy controller that ends when the node address changes',
    until: ['1.32.10', '1.33.6', '1.34.2'],
    source: 'k3s-networking §4.1',
  },
  'stable-cni-bin-directory': {
    title: 'CNI plugins in a directory that upgrades keep',
    since: ['1.28.15', '1.29.10', '1.30.6', '1.31.2'],
    source: 'k3s-networking §3.4',
  },
  'node-selector-authorization': {
    title: 'kubelets that may read their own Node only',
    since: ['1.32.0'],
    source: 'kubernetes/kubernetes AuthorizeNodeWithSelectors; k3s-networking §3.1',
  },
  'cri-dockerd': { title: 'cri-dockerd behind the docker flag', since: ['1.24.0'], source: 'k3s-networking §1.4' },
  'tls-san-security-default': {
    title: 'a server certificate that takes no unknown names unless told to',
    since: ['1.28.1'],
    source: 'k3s-networking §1.2',
  },
} as const satisfies Record<string, FeatureGate>

import type { FeatureGate } from './feature-gate.ts'

/** Gates of ServiceLB, CoreDNS, the manifests directory and the Helm controller. */
export const componentGates = {
  'servicelb-in-cloud-controller': {
    title: 'ServiceLB inside the embedded cloud controller',
    since: ['1.23.13', '1.24.7', '1.25.3'],
    source: 'k3s-io/k3s docs/adrs/servicelb-ccm.md',
  },
  'servicelb-pools': {
    title: 'the lbpool label',
    since: ['1.23.5'],
    source: 'k3s-io/k3s pkg/cloudprovider/servicelb.go; k3s-networking §5.2',
  },
  'servicelb-several-pools': {
    title: 'labels that put a node into several pools',
    // 1.37.1 says so; the others are the September 2026 releases of their branches.
    since: ['1.34.12', '1.35.9', '1.36.5', '1.37.1'],
    source: 'k3s-io/k3s#14547; k3s-io/docs docs/release-notes/v1.37.X.md',
  },
  'servicelb-own-namespace': {
    title: 'ServiceLB DaemonSets in servicelb-namespace, named with the UID of their Service',
    since: ['1.23.8', '1.24.2'],
    source: 'k3s-io/k3s#5657, #5730; k3s-networking §5.1',
  },
  'servicelb-local-policy': {
    title: 'externalTrafficPolicy Local with ServiceLB',
    since: ['1.24.11', '1.25.7', '1.26.2'],
    source: 'k3s-io/k3s pkg/cloudprovider/servicelb.go',
  },
  'servicelb-priority-class': {
    title: 'ServiceLB pods of priority system-node-critical',
    since: ['1.27.15', '1.28.11', '1.29.6', '1.30.2'],
    source: 'k3s-networking §5.2',
  },
  'servicelb-tolerations': {
    title: 'the tolerations annotation of ServiceLB',
    since: ['1.28.13', '1.29.8', '1.30.4'],
    source: 'k3s-io/k3s#10687, #10703, #10704, #10705; k3s-networking §5.2',
  },
  'servicelb-both-forwarding-sysctls': {
    title: 'ServiceLB pods that ask for the forwarding sysctls of both families always',
    since: ['1.29.6', '1.30.2'],
    until: ['1.29.8', '1.30.4'],
    source: 'k3s-io/k3s#9963, #10455, #10568; k3s-networking §5.4 R9',
  },
  'servicelb-short-names': {
    title: 'ServiceLB DaemonSets whose long names are cut',
    since: ['1.28.13', '1.29.8', '1.30.4'],
    source: 'k3s-io/k3s#10552, #10563, #10564, #10565; k3s-networking §5.6',
  },
  'servicelb-master-toleration': {
    title: 'ServiceLB pods that tolerate node-role.kubernetes.io/master',
    until: ['1.34.0'],
    source: 'k3s-networking §5.4 R4',
  },
  'coredns-custom-servers': {
    title: '*.server keys of coredns-custom',
    since: ['1.21.7', '1.22.4'],
    source: 'k3s-io/k3s manifests/coredns.yaml, #4397',
  },
  'coredns-custom-overrides': {
    title: '*.override keys of coredns-custom',
    since: ['1.24.15', '1.25.11', '1.26.6', '1.27.3'],
    source: 'k3s-io/k3s manifests/coredns.yaml, #7639',
  },
  'coredns-forward-override': {
    title: 'an override of forward in coredns-custom',
    since: ['1.32.10', '1.33.6', '1.34.2'],
    source: 'k3s-io/k3s manifests/coredns.yaml, #12979',
  },
  'disable-runtimes': {
    title: 'runtimes in the disable list',
    since: ['1.26.12', '1.27.9', '1.28.5', '1.29.0'],
    source: 'k3s-io/k3s pkg/cli/cmds/stage.go',
  },
  'gateway-api-crd': {
    title: 'Gateway API definitions as a component of their own',
    since: ['1.37.0'],
    source: 'k3s-io/k3s#14557',
  },
  'helm-chart-config': {
    title: 'HelmChartConfig',
    since: ['1.19.1'],
    source: 'k3s-io/k3s go.mod, helm-controller 0.7',
  },
  'chart-bootstrap': { title: 'spec.bootstrap', since: ['1.19.1'], source: 'k3s-io/helm-controller types.go 0.6.1' },
  'chart-content': { title: 'spec.chartContent', since: ['1.19.1'], source: 'k3s-io/helm-controller types.go 0.6.3' },
  'chart-job-image': { title: 'spec.jobImage', since: ['1.19.1'], source: 'k3s-io/helm-controller types.go 0.7.3' },
  'chart-timeout': { title: 'spec.timeout', since: ['1.21.4'], source: 'k3s-io/helm-controller types.go 0.10.0' },
  'chart-failure-policy': {
    title: 'spec.failurePolicy',
    since: ['1.22.8', '1.23.5'],
    source: 'k3s-io/helm-controller types.go 0.12.0',
  },
  'chart-failure-policy-retry': {
    title: 'failurePolicy retry',
    since: ['1.33.13+k3s2', '1.34.10', '1.35.7', '1.36.3'],
    source: 'k3s-io/helm-controller types.go 0.16.25, 0.17.6',
  },
  'chart-config-failure-policy-default': {
    title: 'a HelmChartConfig without failurePolicy that sets one',
    since: ['1.31.11', '1.32.7', '1.33.3'],
    source: 'k3s-packaged-components §5',
  },
  'chart-repository-auth': {
    title: 'spec.authSecret, spec.authPassCredentials and spec.repoCAConfigMap',
    since: ['1.24.14', '1.25.10', '1.26.5', '1.27.2'],
    source: 'k3s-io/helm-controller types.go 0.14.0',
  },
  'chart-schema': {
    title: 'HelmChart fields that the API server checks',
    since: ['1.24.14', '1.25.10', '1.26.5', '1.27.2'],
    source: 'k3s-io/helm-controller pkg/crds 0.14.0',
  },
  'chart-create-namespace': {
    title: 'spec.createNamespace',
    since: ['1.24.15', '1.25.11', '1.26.6', '1.27.3'],
    source: 'k3s-io/helm-controller types.go 0.15.0',
  },
  'chart-registry-secret': {
    title: 'spec.dockerRegistrySecret',
    since: ['1.27.4'],
    source: 'k3s-io/helm-controller types.go 0.15.1',
  },
  'chart-back-off-limit': {
    title: 'spec.backOffLimit',
    since: ['1.26.8', '1.27.5'],
    source: 'k3s-io/helm-controller types.go 0.15.3',
  },
  'chart-security-context': {
    title: 'spec.podSecurityContext and spec.securityContext',
    since: ['1.26.14', '1.27.11', '1.28.7', '1.29.2'],
    source: 'k3s-io/helm-controller types.go 0.15.6',
  },
  'chart-insecure-registry': {
    title: 'spec.insecureSkipTLSVerify and spec.plainHTTP',
    since: ['1.31.1'],
    source: 'k3s-io/helm-controller types.go 0.15.13, 0.16.4',
  },
  'chart-values-secrets': {
    title: 'spec.valuesSecrets',
    since: ['1.31.8', '1.32.4', '1.33.0'],
    source: 'k3s-io/helm-controller types.go 0.16.7',
  },
  'chart-take-ownership': {
    title: 'spec.takeOwnership',
    since: ['1.33.6', '1.34.2'],
    source: 'k3s-io/helm-controller types.go 0.16.14',
  },
  'chart-values': {
    title: 'spec.values',
    since: ['1.33.11', '1.34.7', '1.35.4'],
    source: 'k3s-io/helm-controller types.go 0.16.20, 0.17.0',
  },
  'chart-force-conflicts': {
    title: 'spec.forceConflicts',
    since: ['1.33.13+k3s2', '1.34.10', '1.35.7', '1.36.3'],
    source: 'k3s-io/helm-controller types.go 0.16.25, 0.17.6',
  },
  'manifest-directory-links': {
    title: 'symlinked directories below the manifests directory',
    since: ['1.27.15', '1.28.11', '1.29.6', '1.30.2'],
    source: 'k3s-io/k3s pkg/deploy/controller.go',
  },
  'traefik-v1-guard': {
    title: 'Traefik v2 that is left out beside a Traefik v1 chart',
    since: ['1.21.0'],
    until: ['1.30.2'],
    source: 'k3s-io/k3s pkg/server/server.go',
  },
} as const satisfies Record<string, FeatureGate>

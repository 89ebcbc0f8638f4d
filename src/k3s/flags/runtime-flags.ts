import { type Flag, nodeFlag, serverFlag } from './flag.ts'

/** The container runtime, its images and registries. @see k3s-io/docs docs/cli/agent.md, Runtime */
export const runtimeFlags: readonly Flag[] = [
  nodeFlag({ name: 'docker', type: 'boolean', default: 'false', change: 'rebuild', isNetwork: true }),
  nodeFlag({ name: 'container-runtime-endpoint', type: 'string' }),
  nodeFlag({
    name: 'default-runtime',
    type: 'string',
    since: ['1.26.12', '1.27.9', '1.28.5', '1.29.0'],
    source: 'k3s-io/k3s#9014, #9028',
  }),
  nodeFlag({
    name: 'image-service-endpoint',
    type: 'string',
    since: ['1.25.15', '1.26.10', '1.27.7', '1.28.3'],
    source: 'k3s-io/k3s#8279, #8480',
  }),
  nodeFlag({ name: 'pause-image', type: 'string' }),
  nodeFlag({ name: 'snapshotter', type: 'string', default: 'overlayfs' }),
  nodeFlag({ name: 'private-registry', type: 'string', default: '/etc/rancher/k3s/registries.yaml' }),
  nodeFlag({ name: 'disable-default-registry-endpoint', type: 'boolean', default: 'false' }),
  nodeFlag({
    name: 'nonroot-devices',
    type: 'boolean',
    default: 'false',
    since: ['1.29.11', '1.30.7', '1.31.3', '1.32.0'],
    source: 'k3s-io/k3s#11200, #11212, #11213, #11214',
  }),
  nodeFlag({ name: 'airgap-extra-registry', type: 'list' }),
  nodeFlag({ name: 'image-credential-provider-bin-dir', type: 'string' }),
  nodeFlag({ name: 'image-credential-provider-config', type: 'string' }),
  nodeFlag({ name: 'protect-kernel-defaults', type: 'boolean', default: 'false' }),
  nodeFlag({ name: 'selinux', type: 'boolean', default: 'false', environment: 'K3S_SELINUX' }),
  nodeFlag({ name: 'disable-selinux', type: 'boolean', deprecatedSince: ['1.17.4'] }),
  serverFlag({
    name: 'system-default-registry',
    type: 'string',
    sameOnServers: 'agreed',
    environment: 'K3S_SYSTEM_DEFAULT_REGISTRY',
  }),
]

import type { KubernetesObject } from '../../domain/facts.ts'
import { fairleadNamespace } from '../../domain/fairlead-api.ts'
import { sha256Hex } from '../../text/digest.ts'
import { gitTokenDirectory, listenPort, settingVariables } from './controller-settings.ts'
import type { Installation } from './installation.ts'
import { controllerName, installationLabels, podSelector } from './installation-labels.ts'

/** A pod of the cluster's own that has to run before the cluster has a network, and before its nodes count as ready. */
const tolerations = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists' },
  { key: 'node.kubernetes.io/network-unavailable', operator: 'Exists' },
  { key: 'node.cloudprovider.kubernetes.io/uninitialized', operator: 'Exists' },
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/master', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/etcd', operator: 'Exists' },
] as const

/** K3s before 1.20 knows servers by `master` alone, kubeadm gives either label no value. */
const onServers = {
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: ['control-plane', 'master'].map((role) => ({
      matchExpressions: [{ key: `node-role.kubernetes.io/${role}`, operator: 'Exists' }],
    })),
  },
}

/**
 * Two controllers, of which one leads, each on a server of its own: they share the host's ports. On a cluster of one
 * server the second waits, which costs nothing.
 *
 * They speak to the API server of their own host, so that neither a CNI nor kube-proxy nor DNS has to be there.
 * @see kubernetes/kubernetes pkg/kubelet/kubelet_pods.go makeEnvironmentVariables: what a container names goes before
 *   the variables of the service `kubernetes`
 */
export function controllerDeployment(installation: Installation): KubernetesObject {
  const settings = settingVariables(installation)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: controllerName,
      namespace: fairleadNamespace,
      labels: { ...installationLabels('controller'), 'app.kubernetes.io/version': installation.version },
    },
    spec: {
      replicas: 2,
      revisionHistoryLimit: 3,
      selector: { matchLabels: podSelector('controller') },
      // On a cluster of one server the port is free only when the old one is gone. Agents do not notice.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } },
      template: {
        metadata: {
          labels: podSelector('controller'),
          // Settings are read once, at the start.
          annotations: { 'fairlead.dev/settings': sha256Hex(JSON.stringify(settings)) },
        },
        spec: podSpec(installation),
      },
    },
  }
}

function podSpec({ image, api, gitTokenSecret }: Installation) {
  return {
    serviceAccountName: controllerName,
    hostNetwork: true,
    dnsPolicy: 'Default',
    enableServiceLinks: false,
    priorityClassName: 'system-cluster-critical',
    affinity: { nodeAffinity: onServers },
    tolerations,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'controller',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['controller'],
        env: [
          { name: 'KUBERNETES_SERVICE_HOST', value: api.host },
          { name: 'KUBERNETES_SERVICE_PORT', value: String(api.port) },
          { name: 'HOME', value: '/var/lib/fairlead' },
          // One heap for all threads, and blocks of 128 KiB and more outside of it: what was read goes back to the system.
          { name: 'MALLOC_ARENA_MAX', value: '1' },
          { name: 'MALLOC_MMAP_THRESHOLD_', value: '131072' },
        ],
        envFrom: [{ configMapRef: { name: controllerName } }],
        ports: [{ name: 'http', containerPort: listenPort, hostPort: listenPort, protocol: 'TCP' }],
        startupProbe: probe('/healthz', { periodSeconds: 2, failureThreshold: 60 }),
        livenessProbe: probe('/healthz', { periodSeconds: 20, failureThreshold: 3 }),
        readinessProbe: probe('/readyz', { periodSeconds: 5, failureThreshold: 3 }),
        resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '384Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          privileged: false,
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [
          { name: 'state', mountPath: '/var/lib/fairlead' },
          { name: 'temporary', mountPath: '/tmp' },
          ...(gitTokenSecret === undefined
            ? []
            : [{ name: 'git-token', mountPath: gitTokenDirectory, readOnly: true }]),
        ],
      },
    ],
    volumes: [
      { name: 'state', emptyDir: {} },
      { name: 'temporary', emptyDir: {} },
      ...(gitTokenSecret === undefined
        ? []
        : [
            {
              name: 'git-token',
              secret: { secretName: gitTokenSecret, defaultMode: 0o440, items: [{ key: 'token', path: 'token' }] },
            },
          ]),
    ],
  }
}

/** Kubelet asks on the host's own loopback, where nobody else can. */
function probe(path: string, timing: { readonly periodSeconds: number; readonly failureThreshold: number }) {
  return { httpGet: { host: '127.0.0.1', port: listenPort, path, scheme: 'HTTP' }, timeoutSeconds: 5, ...timing }
}

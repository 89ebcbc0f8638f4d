import type { KubernetesObject } from '../../domain/facts.ts'
import { fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { Json } from '../../domain/plain-json.ts'
import type { Installation } from './installation.ts'
import { installationLabels, nodeAgentName, podSelector } from './installation-labels.ts'

/** What a pod of it does with the agent of its host. */
type NodeAgentWork = 'keep' | 'remove'

const hostAgent = (work: NodeAgentWork): readonly string[] => ['host-agent', work, '--root', '/host']

/** It has no rights, and its pods get no token: they only touch their own host. */
export function nodeAgentAccount(): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: nodeAgentName, namespace: fairleadNamespace, labels: installationLabels('node-agent') },
    automountServiceAccountToken: false,
  }
}

/**
 * Puts the agent of this image onto every host, as a service of the host, and does nothing afterwards: the agent runs
 * without it, also when this pod is gone. One node after the other: a release whose agent does not run on the first one
 * is not tried on the next.
 */
export function nodeAgentDaemonSet({ version, image }: Pick<Installation, 'version' | 'image'>): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: {
      name: nodeAgentName,
      namespace: fairleadNamespace,
      labels: { ...installationLabels('node-agent'), 'app.kubernetes.io/version': version },
    },
    spec: {
      revisionHistoryLimit: 3,
      minReadySeconds: 10,
      selector: { matchLabels: podSelector('node-agent') },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      template: { metadata: { labels: podSelector('node-agent') }, spec: podSpec(image) },
    },
  }
}

/** As a strategic merge patch: its pods take the agents away instead, with the image they have, everywhere at once. */
export function nodeAgentRemoval(): Json {
  const initContainers = [{ name: 'host-agent', args: hostAgent('remove') }]
  return {
    spec: {
      updateStrategy: { rollingUpdate: { maxUnavailable: '100%' } },
      template: { spec: { initContainers } },
    },
  }
}

function podSpec(image: string) {
  return {
    serviceAccountName: nodeAgentName,
    automountServiceAccountToken: false,
    hostNetwork: true,
    // The host's own systemctl is run in the namespaces of its first process.
    hostPID: true,
    dnsPolicy: 'Default',
    enableServiceLinks: false,
    priorityClassName: 'system-node-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ operator: 'Exists' }],
    // Nothing runs here that would have to end well.
    terminationGracePeriodSeconds: 1,
    initContainers: [
      {
        name: 'host-agent',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: hostAgent('keep'),
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '384Mi' } },
        securityContext: { privileged: true, runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true },
        // `kubectl describe pod` shows why a node could not be served.
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [{ name: 'host', mountPath: '/host' }],
      },
    ],
    containers: [
      {
        name: 'installed',
        image,
        imagePullPolicy: 'IfNotPresent',
        command: ['sleep', 'infinity'],
        resources: { requests: { cpu: '1m', memory: '4Mi' }, limits: { memory: '16Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          runAsUser: 65532,
        },
      },
    ],
    volumes: [{ name: 'host', hostPath: { path: '/', type: 'Directory' } }],
  }
}

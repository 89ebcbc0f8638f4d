import type { GroupVersionKind } from './group-version-kind.ts'

/**
 * How a strategic merge patch treats the fields of an object. A field that is not named is merged where it is an object,
 * and replaced where it is a list or a scalar.
 */
export interface MergeShape {
  readonly fields?: Readonly<Record<string, MergeShape>>
  /** A list of objects told apart by this field; `''` for a list of scalars that is merged as a set. */
  readonly mergeKey?: string
  /** Of the fields of the object, only those that the patch names are kept: members of a union. */
  readonly retainKeys?: true
}

/**
 * The shape for the kinds of Kubernetes' own client scheme; undefined for all others, among them custom resources,
 * APIServices and CustomResourceDefinitions, which take JSON merge patches.
 *
 * @see kubernetes/api core/v1, apps/v1, admissionregistration/v1, storage/v1 types.go (`patchStrategy`,
 *   `patchMergeKey`); compared with the OpenAPI document of kube-apiserver 1.20.2; rancher/wrangler pkg/patch/style.go
 */
export function mergeShape({ group, kind }: GroupVersionKind): MergeShape | undefined {
  if (!builtInGroups.has(group)) return undefined
  return { fields: { metadata: objectMeta, ...shapes[kind]?.fields } }
}

const builtInGroups: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apps',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'extensions',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
])

const objectMeta: MergeShape = { fields: { finalizers: { mergeKey: '' }, ownerReferences: { mergeKey: 'uid' } } }

const ephemeralContainer: MergeShape = {
  mergeKey: 'name',
  fields: {
    env: { mergeKey: 'name' },
    volumeDevices: { mergeKey: 'devicePath' },
    volumeMounts: { mergeKey: 'mountPath' },
  },
}

const container: MergeShape = {
  mergeKey: 'name',
  fields: { ...ephemeralContainer.fields, ports: { mergeKey: 'containerPort' } },
}

const claim: MergeShape = { fields: { volumeClaimTemplate: { fields: { metadata: objectMeta } } } }

const podSpec: MergeShape = {
  fields: {
    containers: container,
    ephemeralContainers: ephemeralContainer,
    hostAliases: { mergeKey: 'ip' },
    imagePullSecrets: { mergeKey: 'name' },
    initContainers: container,
    resourceClaims: { mergeKey: 'name', retainKeys: true },
    schedulingGates: { mergeKey: 'name' },
    topologySpreadConstraints: { mergeKey: 'topologyKey' },
    volumes: { mergeKey: 'name', retainKeys: true, fields: { ephemeral: claim } },
  },
}

const podTemplate: MergeShape = { fields: { metadata: objectMeta, spec: podSpec } }
const workload: MergeShape = { fields: { spec: { fields: { template: podTemplate } } } }
const webhooks: MergeShape = {
  fields: { webhooks: { mergeKey: 'name', fields: { matchConditions: { mergeKey: 'name' } } } },
}
const admissionPolicy: MergeShape = {
  fields: { spec: { fields: { matchConditions: { mergeKey: 'name' }, variables: { mergeKey: 'name' } } } },
}

const shapes: Readonly<Record<string, MergeShape | undefined>> = {
  CSINode: { fields: { spec: { fields: { drivers: { mergeKey: 'name' } } } } },
  CronJob: { fields: { spec: { fields: { jobTemplate: { fields: { metadata: objectMeta, ...workload.fields } } } } } },
  DaemonSet: workload,
  Deployment: { fields: { spec: { fields: { strategy: { retainKeys: true }, template: podTemplate } } } },
  Job: workload,
  MutatingAdmissionPolicy: admissionPolicy,
  MutatingWebhookConfiguration: webhooks,
  Node: { fields: { spec: { fields: { podCIDRs: { mergeKey: '' } } } } },
  Pod: { fields: { spec: podSpec } },
  PodTemplate: { fields: { template: podTemplate } },
  ReplicaSet: workload,
  ReplicationController: workload,
  Service: { fields: { spec: { fields: { ports: { mergeKey: 'port' } } } } },
  ServiceAccount: { fields: { secrets: { mergeKey: 'name' } } },
  StatefulSet: workload,
  ValidatingAdmissionPolicy: admissionPolicy,
  ValidatingWebhookConfiguration: webhooks,
}

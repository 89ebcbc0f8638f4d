import { Failure } from '../../domain/failure.ts'
import { fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { KubeKind, KubeObjectsPort, ObjectRef } from '../../ports/kube-objects-port.ts'
import { installationLabel } from '../../render/install/installation-labels.ts'

/** An object that is there, and which of that name. */
export interface FoundObject {
  readonly ref: ObjectRef
  readonly uid: string
}

const rbac = 'rbac.authorization.k8s.io/v1'

/** Every kind that an installation of any release had objects of, besides its namespace and its definitions. */
const installedKinds: readonly KubeKind[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'v1', kind: 'ConfigMap' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: rbac, kind: 'RoleBinding' },
  { apiVersion: rbac, kind: 'Role' },
  { apiVersion: rbac, kind: 'ClusterRoleBinding' },
  { apiVersion: rbac, kind: 'ClusterRole' },
]

const ourNamespaces = new Set([undefined, fairleadNamespace, 'kube-system'])

/**
 * What installations brought into the cluster: by our label, and only where they ever put anything, so that a copy that
 * somebody took elsewhere, label and all, is not among them.
 * @throws Failure `KUBE_*`
 */
export async function installedObjects(
  objects: Pick<KubeObjectsPort, 'list'>,
  signal: AbortSignal,
): Promise<readonly FoundObject[]> {
  const labelSelector = Object.entries(installationLabel)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const found: FoundObject[] = []
  for (const kind of installedKinds) {
    found.push(...(await foundObjects(objects, { ...kind, labelSelector }, signal)))
  }
  return found.filter(({ ref }) => ourNamespaces.has(ref.namespace))
}

/** Empty where the server has no such kind. */
export async function foundObjects(
  objects: Pick<KubeObjectsPort, 'list'>,
  query: KubeKind & { readonly namespace?: string; readonly labelSelector?: string },
  signal: AbortSignal,
): Promise<readonly FoundObject[]> {
  const { apiVersion, kind } = query
  try {
    const { items } = await objects.list({ ...query, metadataOnly: true }, signal)
    return items.map(({ metadata: { name, namespace, uid } }) => ({
      ref: { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) },
      uid,
    }))
  } catch (error) {
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return []
    throw error
  }
}

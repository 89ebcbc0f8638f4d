import type { ClusterNetwork, DesiredState, DocumentPath } from '../../schema/documents.ts'
import type { Finding, Rule } from '../rule.ts'

export const fieldOverruled: Rule = {
  id: 'repo-field-overruled',
  severity: 'warning',
  title: 'a field that another field overrules',
  why: 'it reads as if it did something, and does not',
  fix: 'take it away, or change the field that overrules it',
  versions: 'every version',
  looksAt: [],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired }) {
    return desired === undefined ? [] : overruled.flatMap((one) => findingsOf(one, desired))
  },
}

interface OverruledField {
  readonly path: DocumentPath
  /** What overrules it; undefined where nothing does. */
  readonly by: (spec: ClusterNetwork['spec']) => string | undefined
  readonly what: string
}

const overruled: readonly OverruledField[] = [
  {
    path: ['spec', 'cni', 'kubeProxyReplacement'],
    what: 'kubeProxyReplacement',
    by: ({ cni: { plugin, kubeProxyReplacement } }) =>
      kubeProxyReplacement && plugin !== 'cilium' ? `it is for plugin cilium, and the plugin is ${plugin}` : undefined,
  },
  {
    path: ['spec', 'cni', 'flannel', 'backend'],
    what: 'the backend of flannel',
    by: ({ cni: { plugin, flannel } }) =>
      plugin !== 'flannel' && flannel.backend !== 'none' ? `the plugin is ${plugin}` : undefined,
  },
  {
    path: ['spec', 'components', 'cloudController', 'external'],
    what: 'external',
    by: ({ components: { cloudController } }) =>
      cloudController.enabled && cloudController.external
        ? 'the cloud controller of K3s is enabled, so that kubelets wait for that one'
        : undefined,
  },
  {
    path: ['spec', 'components', 'networkPolicy', 'enabled'],
    what: 'enabled: true for the network policy controller',
    by: ({ cni: { plugin }, components }) =>
      components.networkPolicy.enabled && (plugin === 'calico' || plugin === 'canal' || plugin === 'cilium')
        ? `${plugin} enforces network policies, and the controller of K3s is disabled for it`
        : undefined,
  },
  {
    path: ['spec', 'components', 'kubeProxy', 'enabled'],
    what: 'enabled: true for kube-proxy',
    by: ({ cni: { plugin, kubeProxyReplacement }, components }) =>
      components.kubeProxy.enabled && plugin === 'cilium' && kubeProxyReplacement
        ? 'kubeProxyReplacement disables it'
        : undefined,
  },
]

function findingsOf({ path, by, what }: OverruledField, desired: DesiredState): readonly Finding[] {
  const reason = by(desired.cluster.spec)
  if (reason === undefined || !isWritten(desired, path)) return []
  return [{ at: desired.places.clusterPlace(path), what: `${what} has no effect: ${reason}` }]
}

/** A default has the place of its nearest written parent. */
function isWritten({ places }: DesiredState, path: DocumentPath): boolean {
  const [own, parent] = [places.clusterPlace(path).place, places.clusterPlace(path.slice(0, -1)).place]
  return own.file !== parent.file || own.line !== parent.line || own.column !== parent.column
}

import type { KubernetesObject } from '../../domain/facts.ts'

type Metadata = Pick<KubernetesObject['metadata'], 'labels' | 'annotations'>

/** Another tool that keeps an object as it wants it. */
export interface ObjectOwner {
  readonly tool: 'Flux' | 'Argo CD' | 'Helm' | 'Fleet' | 'K3s' | 'Rancher'
  /** What of the tool it belongs to: `shop/web` of Flux, the application of Argo CD, the release of Helm. */
  readonly name: string
}

/**
 * The tool that marked an object as its own; undefined where none did. The most specific mark wins: Flux and Fleet apply
 * charts that mark their objects as Helm's as well.
 */
export function objectOwner(metadata: Metadata): ObjectOwner | undefined {
  const { labels = {}, annotations = {} } = metadata
  for (const mark of marks) {
    const name = mark.nameIn(labels, annotations)
    if (name !== undefined) return { tool: mark.tool, name }
  }
  return undefined
}

type Texts = Readonly<Record<string, string>>

interface OwnerMark {
  readonly tool: ObjectOwner['tool']
  nameIn(labels: Texts, annotations: Texts): string | undefined
}

const instanceLabel = 'app.kubernetes.io/instance'
const managedByLabel = 'app.kubernetes.io/managed-by'

/**
 * @see fluxcd/kustomize-controller docs/spec/v1/kustomizations.md, fluxcd/helm-controller docs/spec/v2/helmreleases.md,
 *   argoproj/argo-cd docs/user-guide/resource_tracking.md, rancher/fleet internal/helmdeployer, rancher/wrangler pkg/apply,
 *   helm/helm pkg/action/validate.go
 */
const marks: readonly OwnerMark[] = [
  { tool: 'Flux', nameIn: (labels) => named(labels, 'kustomize.toolkit.fluxcd.io/') },
  { tool: 'Flux', nameIn: (labels) => named(labels, 'helm.toolkit.fluxcd.io/') },
  {
    tool: 'Argo CD',
    nameIn: (labels, annotations) =>
      beforeColon(annotations['argocd.argoproj.io/tracking-id']) ?? labels['argocd.argoproj.io/instance'],
  },
  {
    tool: 'Fleet',
    nameIn: (labels, annotations) => labels['fleet.cattle.io/bundle-name'] ?? annotations['fleet.cattle.io/bundle-id'],
  },
  {
    tool: 'Helm',
    nameIn: (labels, annotations) =>
      releaseName(annotations) ?? (labels[managedByLabel] === 'Helm' ? (labels[instanceLabel] ?? '') : undefined),
  },
  {
    tool: 'K3s',
    nameIn: (labels, annotations) =>
      setOwner(labels, annotations)?.startsWith('k3s.cattle.io/') === true
        ? `Addon ${annotations['objectset.rio.cattle.io/owner-name'] ?? ''}`
        : undefined,
  },
  {
    tool: 'Rancher',
    nameIn: (labels, annotations) =>
      setOwner(labels, annotations) === undefined
        ? undefined
        : (annotations['objectset.rio.cattle.io/owner-name'] ?? labels['objectset.rio.cattle.io/hash']),
  },
]

/** `<prefix>namespace` and `<prefix>name`. */
function named(labels: Texts, prefix: string): string | undefined {
  const [namespace, name] = [labels[`${prefix}namespace`], labels[`${prefix}name`]]
  return name === undefined ? undefined : `${namespace ?? ''}/${name}`
}

function releaseName(annotations: Texts): string | undefined {
  const name = annotations['meta.helm.sh/release-name']
  return name === undefined ? undefined : `${annotations['meta.helm.sh/release-namespace'] ?? ''}/${name}`
}

/** The kind that owns an apply set of wrangler's; empty where it does not say. */
function setOwner(labels: Texts, annotations: Texts): string | undefined {
  const isInSet = labels['objectset.rio.cattle.io/hash'] !== undefined
  return isInSet ? (annotations['objectset.rio.cattle.io/owner-gvk'] ?? '') : undefined
}

/** `shop:apps/Deployment:shop/web` is tracked for the application `shop`. */
function beforeColon(id: string | undefined): string | undefined {
  return id === undefined ? undefined : id.split(':', 1)[0]
}

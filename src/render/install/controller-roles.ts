import type { KubernetesObject } from '../../domain/facts.ts'
import { fairleadNamespace } from '../../domain/fairlead-api.ts'
import { unreachable } from '../../domain/unreachable.ts'
import { type AccessRule, type AccessScope, controllerAccess } from './controller-access.ts'
import { controllerName, installationLabels } from './installation-labels.ts'

const rbac = 'rbac.authorization.k8s.io'
const scopes: readonly AccessScope[] = ['cluster', 'kube-system', 'fairlead-system']

/** A role for each place where the controller has rights, and what binds it to the controller's ServiceAccount. */
export function controllerRoles(): readonly KubernetesObject[] {
  return scopes.flatMap((scope) => {
    const rules = controllerAccess.filter((rule) => rule.scope === scope).map(policyRule)
    const kind = scope === 'cluster' ? 'ClusterRole' : 'Role'
    const metadata = { ...placeOf(scope), labels: installationLabels('controller') }
    const subject = { kind: 'ServiceAccount', name: controllerName, namespace: fairleadNamespace }
    return [
      { apiVersion: `${rbac}/v1`, kind, metadata, rules },
      {
        apiVersion: `${rbac}/v1`,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: rbac, kind, name: controllerName },
        subjects: [subject],
      },
    ]
  })
}

function placeOf(scope: AccessScope): { readonly name: string; readonly namespace?: string } {
  switch (scope) {
    case 'cluster':
      return { name: controllerName }
    case 'kube-system':
      return { name: controllerName, namespace: 'kube-system' }
    case 'fairlead-system':
      return { name: controllerName, namespace: fairleadNamespace }
    default:
      return unreachable(scope)
  }
}

function policyRule({ apiGroup, resources, names, verbs }: AccessRule) {
  return { apiGroups: [apiGroup], resources, ...(names === undefined ? {} : { resourceNames: names }), verbs }
}

/** Deployment, ServiceAccount, roles and ConfigMap of the controller. */
export const controllerName = 'fairlead-controller'
/** DaemonSet that puts the agent onto the hosts. */
export const nodeAgentName = 'fairlead-node-agent'

/** On every object of an installation, and on no other: by it an upgrade finds what a newer release has no more. */
export const installationLabel = { 'fairlead.dev/part-of': 'installation' } as const

export type InstallationComponent = 'namespace' | 'controller' | 'node-agent'

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/ */
export function installationLabels(component: InstallationComponent): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': 'fairlead',
    'app.kubernetes.io/part-of': 'fairlead',
    'app.kubernetes.io/component': component,
    ...installationLabel,
  }
}

/** What the pods of a workload are told by; it can never be changed on a workload that is there. */
export function podSelector(component: InstallationComponent): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'fairlead', 'app.kubernetes.io/component': component }
}

import type { KubernetesObject } from '../../domain/facts.ts'
import { fairleadNamespaceObject } from '../../domain/fairlead-api.ts'
import { controllerDeployment } from './controller-deployment.ts'
import { controllerRoles } from './controller-roles.ts'
import { controllerAccount, controllerSettings } from './controller-settings.ts'
import type { Installation } from './installation.ts'
import { installationLabels } from './installation-labels.ts'
import { nodeAgentAccount, nodeAgentDaemonSet } from './node-agent-daemon-set.ts'

/** Every object besides the definitions of our kinds, in the order in which a server takes them. */
export function installationObjects(installation: Installation): readonly KubernetesObject[] {
  return [
    namespace(),
    controllerAccount(),
    ...controllerRoles(),
    controllerSettings(installation),
    controllerDeployment(installation),
    ...(installation.nodeAgent === 'daemonset' ? [nodeAgentAccount(), nodeAgentDaemonSet(installation)] : []),
  ]
}

/** Pod security admission would refuse host network and the host's files; before 1.23 nobody reads these labels. */
function namespace(): KubernetesObject {
  const levels = ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'privileged'])
  const labels = { ...installationLabels('namespace'), ...Object.fromEntries(levels) }
  return { ...fairleadNamespaceObject, metadata: { ...fairleadNamespaceObject.metadata, labels } }
}

import type { KubernetesObject } from '../../domain/facts.ts'
import { fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { Installation } from './installation.ts'
import { controllerName, installationLabels } from './installation-labels.ts'

export function controllerAccount(): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: controllerName, namespace: fairleadNamespace, labels: installationLabels('controller') },
  }
}

/** Settings that are no secrets, as variables: `fairlead controller --help` names all of them. */
export function controllerSettings(installation: Installation): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: controllerName, namespace: fairleadNamespace, labels: installationLabels('controller') },
    data: settingVariables(installation),
  }
}

export const gitTokenDirectory = '/etc/fairlead/git'

export function settingVariables(installation: Installation): Readonly<Record<string, string>> {
  const { gitUrl, gitBranch, cluster, gitTokenSecret } = installation
  return {
    ...(cluster === undefined ? {} : { FAIRLEAD_CLUSTER: cluster }),
    ...(gitBranch === undefined ? {} : { FAIRLEAD_GIT_BRANCH: gitBranch }),
    ...(gitTokenSecret === undefined ? {} : { FAIRLEAD_GIT_TOKEN_FILE: `${gitTokenDirectory}/token` }),
    ...(gitUrl === undefined ? {} : { FAIRLEAD_GIT_URL: gitUrl }),
    // Beside the agent of the same host, which has 8420.
    FAIRLEAD_LISTEN: '127.0.0.1:8421',
    FAIRLEAD_LOG_FORMAT: 'json',
  }
}

/** The port that kubelet asks for health, on the host's own network. */
export const listenPort = 8421

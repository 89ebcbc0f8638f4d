import type { RuleGroup } from '../rule.ts'
import { disableEqual, serviceLbEqual } from './disable-lists.ts'
import { criticalEqual, httpsPortEqual, kubeProxyEqual, nodePortEqual, serviceLbNamespaceEqual } from './equal-flags.ts'
import { flannelConfEverywhere } from './flannel-conf.ts'
import { agentTokenEqual, manifestsEqual } from './server-files.ts'
import { immutable, serverRestarts } from './since-before.ts'

/** What must be the same on all servers, on all nodes, or for the life of a cluster. */
export const consistencyRules: RuleGroup = {
  title: 'Cluster consistency',
  rules: [
    criticalEqual,
    disableEqual,
    serviceLbEqual,
    kubeProxyEqual,
    nodePortEqual,
    serviceLbNamespaceEqual,
    httpsPortEqual,
    flannelConfEverywhere,
    manifestsEqual,
    agentTokenEqual,
    immutable,
    serverRestarts,
  ],
  notApplicable: [],
}

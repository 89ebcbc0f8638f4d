import type { RuleGroup } from '../rule.ts'
import { cloudControllerRules } from './cloud-controller-rules.ts'
import { helmControllerRule } from './helm-controller-rule.ts'
import { kubeProxyRules } from './kube-proxy-rules.ts'
import { networkPolicyRules } from './network-policy-rules.ts'

export const controllerRules: RuleGroup = {
  title: 'Network policy, cloud controller, kube-proxy',
  rules: [...networkPolicyRules, ...cloudControllerRules, ...kubeProxyRules, helmControllerRule],
  notApplicable: [],
}

import type { RuleGroup } from '../rule.ts'
import { backendChangeRule } from './backend-change-rule.ts'
import { backendRules } from './backend-rules.ts'
import { confFileRules } from './conf-file-rules.ts'
import { confOptionRules } from './conf-option-rules.ts'
import { externalIpRules } from './external-ip-rules.ts'
import { vpnRules } from './vpn-rules.ts'

export const flannelRules: RuleGroup = {
  title: 'Flannel',
  rules: [...confFileRules, ...confOptionRules, ...backendRules, backendChangeRule, ...externalIpRules, ...vpnRules],
  notApplicable: [],
}

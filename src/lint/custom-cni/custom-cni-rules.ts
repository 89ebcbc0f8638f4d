import type { RuleGroup } from '../rule.ts'
import { cniChartRules } from './chart-rules.ts'
import { forwardingRule } from './forwarding-rule.ts'
import { hostPortRule } from './host-port-rule.ts'
import { pluginRules } from './plugin-rules.ts'
import { poolRule } from './pool-rule.ts'
import { secondaryRules } from './secondary-rules.ts'

export const customCniRules: RuleGroup = {
  title: 'Custom CNI',
  rules: [...pluginRules, poolRule, forwardingRule, hostPortRule, ...cniChartRules, ...secondaryRules],
  notApplicable: [],
}

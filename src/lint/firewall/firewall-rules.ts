import type { RuleGroup } from '../rule.ts'
import { effectRules } from './effect-rules.ts'
import { exposureRules } from './exposure-rules.ts'
import { hostRules } from './host-rules.ts'
import { packetRules } from './packet-rules.ts'
import { podTrafficRules } from './pod-traffic-rules.ts'
import { portRules } from './port-rules.ts'

export const firewallRules: RuleGroup = {
  title: 'Firewall and leftovers on the host',
  rules: [...portRules, ...exposureRules, ...effectRules, ...packetRules, ...podTrafficRules, ...hostRules],
  notApplicable: [],
}

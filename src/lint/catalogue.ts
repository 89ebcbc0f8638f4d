import { addressingRules } from './addressing/addressing-rules.ts'
import { configFileRules } from './config-file/config-file-rules.ts'
import { consistencyRules } from './consistency/consistency-rules.ts'
import { controllerRules } from './controllers/controller-rules.ts'
import { customCniRules } from './custom-cni/custom-cni-rules.ts'
import { firewallRules } from './firewall/firewall-rules.ts'
import { flannelRules } from './flannel/flannel-rules.ts'
import { machineRules } from './machine/machine-rules.ts'
import { nodeRules } from './node-identity/node-rules.ts'
import { packagedRules } from './packaged/packaged-rules.ts'
import { repositoryRules } from './repository/repository-rules.ts'
import { routeRules } from './routes/route-rules.ts'
import { codeOfRule, type Rule, type RuleGroup } from './rule.ts'
import { servicelbRules } from './servicelb/servicelb-rules.ts'
import { traefikRules } from './traefik/traefik-rules.ts'
import { versionedFlagRules } from './versioned-flags/versioned-flag-rules.ts'

/** Everything that is checked, in the order of the catalogue. */
export const ruleGroups: readonly RuleGroup[] = [
  repositoryRules,
  configFileRules,
  versionedFlagRules,
  consistencyRules,
  addressingRules,
  nodeRules,
  flannelRules,
  controllerRules,
  servicelbRules,
  packagedRules,
  traefikRules,
  customCniRules,
  firewallRules,
  routeRules,
  machineRules,
]

export const allRules: readonly Rule[] = ruleGroups.flatMap((group) => group.rules)

/** @param word the id of a rule, or the code that its findings carry */
export function findRule(word: string): Rule | undefined {
  return allRules.find((rule) => rule.id === word || codeOfRule(rule.id) === word)
}

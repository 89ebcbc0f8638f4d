import type { RuleGroup } from '../rule.ts'
import { flagGateRules } from './flag-gates.ts'
import { flannelBackendRules } from './flannel-backend-values.ts'
import { flannelFileAndVpnRules } from './flannel-files-and-vpn.ts'
import { hostAndSkewRules } from './host-and-skew.ts'
import { releaseUnknown } from './known-release.ts'
import { removedSwitchRules } from './removed-switches.ts'

/** Options and values that the release of this cluster does not have, no longer has, or gets wrong. */
export const versionedFlagRules: RuleGroup = {
  title: 'Options by release',
  rules: [
    releaseUnknown,
    ...removedSwitchRules,
    ...flagGateRules,
    ...flannelBackendRules,
    ...flannelFileAndVpnRules,
    ...hostAndSkewRules,
  ],
  notApplicable: [],
}

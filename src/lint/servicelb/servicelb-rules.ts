import type { RuleGroup } from '../rule.ts'
import { allowListEmpty, customTaint, enableLabelFalse, multiPoolLabel, unpooledService } from './allow-list-rules.ts'
import { disableStuck, enableDropsPool, labelChangeUntriggered, namespaceChange } from './change-rules.ts'
import { classIgnored, lbIpIgnored, twoControllers } from './other-controller-rules.ts'
import {
  namespaceRefusesPods,
  nameTooLong,
  priorityClassMissing,
  serverRefusesSysctl,
  tolerationsInvalid,
} from './pod-rules.ts'
import {
  poolAnnotation,
  poolMemberTwice,
  poolNodeNotEnabled,
  poolOfNodesOnService,
  poolsWithoutServicelb,
  poolTooOld,
  poolUnknown,
  poolWithoutEnable,
} from './pool-rules.ts'
import { portConflict, portTraefik } from './port-conflict-rules.ts'
import { portInNodePortRange, portOfK3s, portOfPod } from './port-rules.ts'
import { familyMissing, rangesOfOneFamily, rangesTooOld, rangesUnreadable } from './source-range-rules.ts'
import { localBehindNat, localTooOld, localWithoutEndpoints, localWithoutNodePort } from './traffic-policy-rules.ts'

/** Where ServiceLB would put its pods, what stands in their way, and what nobody would look at. */
export const servicelbRules: RuleGroup = {
  title: 'ServiceLB',
  rules: [
    enableLabelFalse,
    allowListEmpty,
    poolWithoutEnable,
    poolNodeNotEnabled,
    poolUnknown,
    poolAnnotation,
    poolOfNodesOnService,
    poolTooOld,
    unpooledService,
    labelChangeUntriggered,
    enableDropsPool,
    disableStuck,
    portConflict,
    portTraefik,
    portOfPod,
    portOfK3s,
    portInNodePortRange,
    classIgnored,
    twoControllers,
    localBehindNat,
    localWithoutNodePort,
    localWithoutEndpoints,
    localTooOld,
    familyMissing,
    rangesOfOneFamily,
    rangesUnreadable,
    rangesTooOld,
    tolerationsInvalid,
    priorityClassMissing,
    nameTooLong,
    lbIpIgnored,
    customTaint,
    serverRefusesSysctl,
    namespaceRefusesPods,
    namespaceChange,
    multiPoolLabel,
    poolMemberTwice,
    poolsWithoutServicelb,
  ],
  notApplicable: [
    {
      id: 'slb-sort-assumption',
      reason:
        'who reads the addresses of a Service, and in which order they expect them, is written nowhere; fairlead lb notes every list that is not in the order of its numbers',
    },
  ],
}

import type { RuleGroup } from '../rule.ts'
import { dockerRuntime } from './container-runtime.ts'
import { externalComma, externalPartial, externalRemoved } from './external-addresses.ts'
import {
  ifaceAddressMismatch,
  ifaceExists,
  ifaceManyAddresses,
  interfacesAmbiguous,
  noDefaultRoute,
} from './interfaces.ts'
import { nodeIpDuplicate, nodeIpLoopback, nodeIpParse } from './node-addresses.ts'
import { nodeIpExplicit, nodeIpFamilies, nodeIpOrder } from './node-families.ts'
import { labelProtected, labelRemoval, taintLate } from './node-labels.ts'
import { nodeNameChange, nodeNameUnique, nodeNameValid } from './node-names.ts'
import { resolvConf } from './resolver.ts'
import { serverAddressChange } from './server-address.ts'

/** Who a node is: its addresses, its name, its labels, and the interface it speaks through. */
export const nodeRules: RuleGroup = {
  title: 'Nodes',
  rules: [
    nodeIpParse,
    nodeIpFamilies,
    nodeIpOrder,
    nodeIpExplicit,
    nodeIpDuplicate,
    nodeIpLoopback,
    serverAddressChange,
    externalComma,
    externalRemoved,
    externalPartial,
    nodeNameValid,
    nodeNameUnique,
    nodeNameChange,
    labelProtected,
    labelRemoval,
    taintLate,
    resolvConf,
    ifaceExists,
    ifaceManyAddresses,
    ifaceAddressMismatch,
    noDefaultRoute,
    dockerRuntime,
    interfacesAmbiguous,
  ],
  notApplicable: [],
}

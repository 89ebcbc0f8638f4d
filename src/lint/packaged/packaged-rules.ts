import type { RuleGroup } from '../rule.ts'
import {
  chartFieldTooOld,
  failurePolicyMissing,
  failurePolicyTooOld,
  overrideTooOld,
  valuesSecretsTooOld,
  valuesSecretsWithoutKeys,
} from './chart-fields.ts'
import { chartBump, overrideAbsent, overrideIdentity } from './chart-identity.ts'
import { overrideTwice, valuesInvalid, valuesOfDisabled } from './chart-values.ts'
import { corednsCustomDisabled, corednsCustomKey, corednsDefaultZone, corednsForward } from './coredns-custom.ts'
import { corednsChanged, corednsGap, corednsNodeHosts } from './coredns-files.ts'
import { corednsOnce, corednsPlugin } from './coredns-plugins.ts'
import { disableEmpty, disableEnum } from './disable-list.ts'
import { labelNotText } from './label-values.ts'
import {
  addonNameClash,
  addonNameInvalid,
  editPackaged,
  manifestIgnored,
  manifestNameRefused,
  reservedName,
  sameNameDisabled,
  skipWithDisable,
} from './manifest-names.ts'
import { objectTwice } from './object-clashes.ts'
import { templateLeftover } from './template-leftover.ts'
import { valuesHoldSecret } from './values-secrets.ts'

/** The manifests directory, the components that K3s deploys from it, and charts. */
export const packagedRules: RuleGroup = {
  title: 'Packaged components, manifests and charts',
  rules: [
    editPackaged,
    sameNameDisabled,
    disableEnum,
    disableEmpty,
    skipWithDisable,
    manifestNameRefused,
    manifestIgnored,
    reservedName,
    addonNameInvalid,
    addonNameClash,
    objectTwice,
    labelNotText,
    templateLeftover,
    corednsGap,
    corednsCustomKey,
    corednsDefaultZone,
    corednsForward,
    corednsOnce,
    corednsPlugin,
    corednsCustomDisabled,
    corednsChanged,
    corednsNodeHosts,
    overrideIdentity,
    overrideAbsent,
    overrideTwice,
    valuesInvalid,
    valuesHoldSecret,
    valuesOfDisabled,
    chartBump,
    failurePolicyMissing,
    failurePolicyTooOld,
    valuesSecretsTooOld,
    valuesSecretsWithoutKeys,
    overrideTooOld,
    chartFieldTooOld,
  ],
  notApplicable: [
    {
      id: 'images-missing-offline',
      reason:
        "neither a repository nor what is read of a machine says which images containerd holds, and a pull that fails shows in the pod's events",
    },
  ],
}

import type { RuleGroup } from '../rule.ts'
import { clusterNameMismatch } from './cluster-name.ts'
import { disableHasSwitch } from './component-switches.ts'
import { flagOneValue, flagReserved } from './flag-forms.ts'
import { flagOverridden } from './flag-levels.ts'
import { machineMissing, roleDiffers } from './machine-in-inventory.ts'
import { inventoryWithoutServer, poolOfDisabledTraefik } from './missing-parts.ts'
import { chartFileMissing, cniManifestMissing } from './named-files.ts'
import { nodeFieldTwice, nodeUnknown, versionDiffers } from './node-documents.ts'
import { fieldOverruled } from './overruled-fields.ts'
import { flagHasField, flagHoldsSecret } from './own-flags.ts'

/** What only the documents can get wrong, whatever K3s makes of them. */
export const repositoryRules: RuleGroup = {
  title: 'Repository',
  rules: [
    clusterNameMismatch,
    nodeUnknown,
    nodeFieldTwice,
    versionDiffers,
    roleDiffers,
    machineMissing,
    flagHasField,
    flagHoldsSecret,
    flagOneValue,
    flagReserved,
    flagOverridden,
    disableHasSwitch,
    fieldOverruled,
    inventoryWithoutServer,
    poolOfDisabledTraefik,
    chartFileMissing,
    cniManifestMissing,
  ],
  notApplicable: [],
}

import type { RuleGroup } from '../rule.ts'
import { clusterNameMismatch } from './cluster-name.ts'
import { chartFileMissing, cniManifestMissing } from './named-files.ts'
import { nodeFieldTwice, nodeUnknown, versionDiffers } from './node-documents.ts'
import { flagHasField, flagHoldsSecret } from './own-flags.ts'

/** What only the documents can get wrong, whatever K3s makes of them. */
export const repositoryRules: RuleGroup = {
  title: 'Repository',
  rules: [
    clusterNameMismatch,
    nodeUnknown,
    nodeFieldTwice,
    versionDiffers,
    flagHasField,
    flagHoldsSecret,
    chartFileMissing,
    cniManifestMissing,
  ],
  notApplicable: [],
}

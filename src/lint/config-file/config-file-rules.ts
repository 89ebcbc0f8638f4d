import type { RuleGroup } from '../rule.ts'
import { dropInFileRules } from './drop-in-files.ts'
import { entryValueRules } from './entry-values.ts'
import { fileSupportRules } from './file-support.ts'
import { joinedValueRules } from './joined-values.ts'
import { knownKeyRules } from './known-keys.ts'
import { otherSourceRules } from './other-sources.ts'
import { repeatedKeyRules } from './repeated-keys.ts'
import { valueType } from './value-types.ts'

/** What K3s would misread, skip or refuse in its configuration files. */
export const configFileRules: RuleGroup = {
  title: 'Configuration file',
  rules: [
    ...knownKeyRules,
    ...fileSupportRules,
    ...entryValueRules,
    valueType,
    ...repeatedKeyRules,
    ...otherSourceRules,
    ...dropInFileRules,
    ...joinedValueRules,
  ],
  notApplicable: [],
}

import type { RuleGroup } from '../rule.ts'
import { addonFailed } from './addon-failed.ts'
import { helmJobStuck } from './helm-job-stuck.ts'
import { packagedEdited } from './packaged-edited.ts'
import { portTaken } from './port-taken.ts'
import { restartDue } from './restart-due.ts'
import { versionDiffers } from './version-differs.ts'

/** What a machine that runs K3s shows of itself, beside what its configuration says. */
export const machineRules: RuleGroup = {
  title: 'Running machines',
  rules: [restartDue, versionDiffers, packagedEdited, addonFailed, helmJobStuck, portTaken],
  notApplicable: [
    { id: 'machine-generated-edited', reason: 'fln-conf-unmanaged-edit looks at the files that K3s generates' },
    { id: 'machine-no-drop-ins', reason: 'cfg-file-unsupported looks at drop-ins of every machine and repository' },
    { id: 'machine-skip-and-disable', reason: 'pkg-skip-with-disable looks at the markers of every machine' },
  ],
}

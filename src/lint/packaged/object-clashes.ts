import { isDeployable } from '../../k3s/manifest-rules.ts'
import { objectKey } from '../../k3s/object-key.ts'
import { objectsOfFile } from '../../text/manifest-objects.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, ManifestSubject } from '../subject.ts'

export const objectTwice: Rule = {
  id: 'object-twice',
  severity: 'error',
  title: 'one object in two files',
  why: 'whichever file K3s applies last wins, and the other never notices',
  fix: 'keep it in one place',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: ['rancher/wrangler pkg/apply/desiredset_process.go'],
  check(subject) {
    const first = new Map<string, ManifestSubject>()
    return inOrder(subject).flatMap((manifest) =>
      objectsOfFile(manifest).flatMap((object): Finding[] => {
        const key = objectKey(object)
        const other = first.get(key)
        if (other === undefined) {
          first.set(key, manifest)
          return []
        }
        return [
          {
            at: { place: object.place },
            what: `${object.kind} ${object.name} is defined ${other === manifest ? 'above' : `in ${other.name}`} as well`,
          },
        ]
      }),
    )
  },
}

/** Files of K3s first, so that a finding stands in the file that somebody wrote. */
function inOrder({ manifests }: LintSubject): readonly ManifestSubject[] {
  const deployed = manifests.filter(({ name }) => isDeployable(name))
  return [
    ...deployed.filter(({ isPackaged }) => isPackaged === true),
    ...deployed.filter(({ isPackaged }) => isPackaged !== true),
  ]
}

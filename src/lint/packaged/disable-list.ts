import { addonName, disabledBy, isDeployable } from '../../k3s/manifest-rules.ts'
import { isPackagedManifest } from '../../k3s/packaged-components.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { closestWord } from '../../text/suggest.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { disableItems } from './disabled-items.ts'
import { userManifests } from './manifest-names.ts'

/**
 * Items of `disable` that every release knows, told or not told in its help.
 * @see k3s-io/k3s pkg/cli/cmds/stage.go, pkg/deploy/controller.go
 */
const everyRelease = ['ccm', 'coredns', 'local-storage', 'metrics-server', 'rolebindings', 'servicelb', 'traefik']

export const disableEnum: Rule = {
  id: 'pkg-disable-enum',
  severity: 'warning',
  title: 'an item of disable that disables nothing',
  why: 'K3s does not look at the spelling: what was meant is deployed',
  fix: 'use coredns, servicelb, traefik, local-storage, metrics-server or runtimes, or the base name of a file of your own',
  versions: '1.17.4 and later',
  looksAt: ['settings', 'manifests'],
  sources: ['k3s-io/k3s pkg/cli/cmds/stage.go'],
  check(subject) {
    const known = knownItems(subject.version)
    return disableItems(subject).flatMap(({ text, at }): Finding[] => {
      if (text === '' || known.includes(text) || isOwnFile(text, subject)) return []
      const what = `${JSON.stringify(text)} in the disable list is the name of no component`
      if (/\.(ya?ml|json)$/i.test(text)) {
        return [
          {
            at,
            what,
            why: 'with its extension the file is left out at the next start, and what is deployed stays',
            fix: `write ${text.replace(/\.(ya?ml|json)$/i, '')}`,
          },
        ]
      }
      if (isPartOfMetricsServer(text)) {
        return [
          {
            at,
            what: `${JSON.stringify(text)} in the disable list is one part of metrics-server`,
            why: 'K3s writes it at every start and then deletes it again, and the other parts stay',
            fix: 'write metrics-server',
          },
        ]
      }
      const meant = closestWord(text, known)
      return [meant === undefined ? { at, what } : { at, what, fix: `did you mean ${meant}?` }]
    })
  },
}

export const disableEmpty: Rule = {
  id: 'pkg-disable-empty',
  severity: 'error',
  title: 'an empty item in the disable list',
  why: 'an empty name matches every file: K3s removes everything that the manifests directory deployed, and the files',
  fix: 'take the empty item or the spare comma away; an empty list is written []',
  versions: '1.17.4 and later',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/cli/server/server.go, pkg/deploy/controller.go'],
  check(subject) {
    return disableItems(subject).flatMap(({ text, at }) =>
      text === '' ? [{ at, what: 'the disable list has an item without a name' }] : [],
    )
  },
}

function knownItems(version: K3sVersion | undefined): string[] {
  const gated = (['disable-runtimes', 'gateway-api-crd'] as const).filter(
    (gate) => version === undefined || supports(gate, version),
  )
  return [...everyRelease, ...gated.map((gate) => gate.replace('disable-', ''))]
}

/** A user can disable files of their own: `foo` for `foo.yaml`, `sub` for everything below `sub/`. */
function isOwnFile(item: string, subject: LintSubject): boolean {
  return userManifests(subject).some(
    ({ name }) => isDeployable(name) && (disabledBy(name, [item]) !== undefined || addonName(name) === item),
  )
}

function isPartOfMetricsServer(item: string): boolean {
  return isPackagedManifest(`metrics-server/${item}.yaml`)
}

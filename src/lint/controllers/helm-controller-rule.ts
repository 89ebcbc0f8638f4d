import { isSwitchedOn, itemsOf } from '../../k3s/config/effective-settings.ts'
import { reaches } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type ObjectSubject, serversOf } from '../subject.ts'

export const helmControllerRule: Rule = {
  id: 'ctl-helm-disabled',
  severity: 'error',
  title: 'charts without the controller that installs them',
  why: 'with disable-helm-controller nothing reads HelmCharts and HelmChartConfigs',
  fix: 'enable spec.components.helmController, or take the charts and their values away',
  versions: '1.21.3 and later',
  looksAt: ['settings', 'manifests'],
  sources: ['k3s-io/k3s pkg/server/server.go'],
  check: (subject) => {
    const { version } = subject
    if (version === undefined || !reaches(['1.21.3'], version) || !isHelmControllerOff(subject)) return []
    const written = subject.objects.filter(isOwnChart).map(({ at, object }) => ({
      at,
      what: `${object.kind} ${object.metadata.name} is written and the Helm controller is disabled`,
    }))
    return [...written, ...packagedTraefik(subject)]
  },
}

function isHelmControllerOff(subject: LintSubject): boolean {
  return serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'disable-helm-controller'))
}

/**
 * Traefik is the one component that K3s ships as charts; it has to be disabled beside the controller.
 * @see k3s-packaged-components §3.7
 */
function packagedTraefik(subject: LintSubject): readonly Finding[] {
  return serversOf(subject).flatMap(({ settings }): Finding[] => {
    const off = settings.get('disable-helm-controller')
    if (off === undefined || !isSwitchedOn(settings, 'disable-helm-controller')) return []
    if (itemsOf(settings, 'disable').some(({ text }) => text.trim() === 'traefik')) return []
    return [
      {
        at: off.at,
        severity: 'warning',
        what: 'the Helm controller is disabled and Traefik is not',
        why: 'nothing installs or upgrades its charts, and K3s tries to apply them for ever where the kind does not exist',
        fix: 'disable Traefik too, or leave the Helm controller on',
      },
    ]
  })
}

/** Not what lives in the cluster (it was installed before), and not K3s's own Traefik charts. */
function isOwnChart({ object, origin }: ObjectSubject): boolean {
  if (!/^HelmChart(Config)?$/.test(object.kind) || !object.apiVersion.startsWith('helm.cattle.io/')) return false
  if (origin === 'live') return false
  return object.kind === 'HelmChartConfig' || !/^traefik(-crd)?$/.test(object.metadata.name)
}

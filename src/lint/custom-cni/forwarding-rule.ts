import { itemsOf } from '../../k3s/config/effective-settings.ts'
import { asList, parseJsonObject, textAt, valueAt } from '../flannel/json-object.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type ObjectSubject, serversOf } from '../subject.ts'
import { chartValues } from './chart-values.ts'
import { cniOfChart } from './declared-cni.ts'

export const forwardingRule: Rule = {
  id: 'cni-calico-forward',
  severity: 'error',
  title: 'Calico or Canal without IP forwarding in pods',
  why: 'Calico turns forwarding off inside pods; the pods of ServiceLB forward, and pass nothing on without it',
  fix: 'manifest: "container_settings": { "allow_ip_forwarding": true } in the calico plugin of cni_network_config; operator: calicoNetwork.containerIPForwarding: Enabled',
  versions: 'every version; an error up to 1.21, whose ServiceLB crashes over it',
  looksAt: ['manifests', 'live', 'settings'],
  sources: ['k3s-io/docs docs/networking/basic-network-options.md'],
  check: (subject) => {
    if (hasNoServiceLb(subject)) return []
    const severity = (subject.version?.minor ?? 99) <= 21 ? ('error' as const) : ('warning' as const)
    return subject.objects.flatMap(closedPlace).map((finding) => ({ ...finding, severity }))
  },
}

function hasNoServiceLb(subject: LintSubject): boolean {
  return serversOf(subject).some(({ settings }) =>
    itemsOf(settings, 'disable').some(({ text }) => text.trim() === 'servicelb'),
  )
}

function closedPlace(one: ObjectSubject): readonly Finding[] {
  const { object } = one
  if (object.kind === 'Installation' && object.apiVersion.startsWith('operator.tigera.io/')) {
    const type = textAt(object, 'spec', 'cni', 'type') ?? 'Calico'
    if (type !== 'Calico' || textAt(object, 'spec', 'calicoNetwork', 'containerIPForwarding') === 'Enabled') return []
    const what = 'the Installation of Calico does not enable containerIPForwarding'
    return [{ at: one.place(['spec', 'calicoNetwork', 'containerIPForwarding']), what }]
  }
  if (object.kind === 'ConfigMap' && /^(calico|(rke2-)?canal)-config$/.test(object.metadata.name)) {
    return allowsForwarding(textAt(object, 'data', 'cni_network_config')) === false
      ? [
          {
            at: one.place(['data', 'cni_network_config']),
            what: `ConfigMap ${object.metadata.name} does not allow IP forwarding`,
          },
        ]
      : []
  }
  if (object.kind !== 'HelmChart' || cniOfChart(textAt(object, 'spec', 'chart') ?? '') !== 'calico') return []
  const values = chartValues(object)
  if (valueAt(values, 'installation', 'enabled') === false) return []
  if (textAt(values, 'installation', 'calicoNetwork', 'containerIPForwarding') === 'Enabled') return []
  const what = `HelmChart ${object.metadata.name} installs Calico without containerIPForwarding`
  return [{ at: one.place(['spec', 'valuesContent']), what }]
}

/**
 * The text is JSON with placeholders that the installer fills in, some of them without quotes: `"mtu": __CNI_MTU__`.
 * @returns undefined for what is not understood
 */
function allowsForwarding(text: string | undefined): boolean | undefined {
  const conf = parseJsonObject((text ?? '').replace(/__\w+?__/g, '0'))
  const calico = asList(conf?.['plugins'] ?? (conf === undefined ? [] : [conf])).find(
    (plugin) => textAt(plugin, 'type') === 'calico',
  )
  if (calico === undefined) return undefined
  return valueAt(calico, 'container_settings', 'allow_ip_forwarding') === true
}

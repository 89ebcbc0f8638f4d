import { supports } from '../../k3s/version/feature-gates.ts'
import { textAt, valueAt } from '../flannel/json-object.ts'
import { podNetworkOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, ObjectSubject } from '../subject.ts'
import { cniOfChart } from './declared-cni.ts'

const sources = ['k3s-io/helm-controller pkg/controllers/chart/chart.go']

/** A HelmChart that installs the pod network has to run before there is one. */
export const cniChartRules: readonly Rule[] = [
  {
    id: 'cni-helmchart-bootstrap',
    severity: 'error',
    title: 'a chart of the pod network that waits for the pod network',
    why: 'the job that installs it is an ordinary pod, and does not start before there is a plugin',
    fix: 'write spec.bootstrap: true into the HelmChart',
    versions: 'every version',
    looksAt: ['manifests', 'settings'],
    sources,
    check: (subject) => {
      if (podNetworkOf(subject)?.backend !== 'none') return []
      return cniCharts(subject).flatMap((one) =>
        valueAt(one.object, 'spec', 'bootstrap') === true
          ? []
          : [
              {
                at: one.place(['spec', 'bootstrap']),
                what: `HelmChart ${one.object.metadata.name} installs the pod network without bootstrap`,
              },
            ],
      )
    },
  },
  {
    id: 'cni-helmchart-reinstall',
    severity: 'warning',
    title: 'a chart of the pod network that is uninstalled when an upgrade fails',
    why: 'reinstall, which is taken when nothing is written, takes the network from every pod before it tries again',
    fix: 'write spec.failurePolicy: abort',
    versions: '1.22.8 / 1.23.5 and later',
    looksAt: ['manifests', 'settings'],
    sources,
    check: (subject) => {
      const { version } = subject
      if (version !== undefined && !supports('chart-failure-policy', version)) return []
      return cniCharts(subject).flatMap((chart) => reinstallFindings(subject, chart))
    },
  },
]

function cniCharts(subject: LintSubject): readonly ObjectSubject[] {
  return subject.objects.filter(({ object }) => {
    return (
      object.kind === 'HelmChart' && cniOfChart(textAt(object, 'spec', 'chart') ?? object.metadata.name) !== undefined
    )
  })
}

/** What a HelmChartConfig of the same name says wins. */
function reinstallFindings(subject: LintSubject, one: ObjectSubject): readonly Finding[] {
  const { object } = one
  const { name, namespace = 'default' } = object.metadata
  const override = subject.objects.find(({ object: { kind, metadata } }) => {
    return kind === 'HelmChartConfig' && metadata.name === name && (metadata.namespace ?? 'default') === namespace
  })
  const policy = textAt(override?.object, 'spec', 'failurePolicy') ?? textAt(object, 'spec', 'failurePolicy')
  if (policy === 'abort' || policy === 'retry') return []
  const what = `HelmChart ${name} installs the pod network with failurePolicy ${policy ?? 'not written'}`
  return [{ at: one.place(['spec', 'failurePolicy']), what }]
}

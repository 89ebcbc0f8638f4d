import type { KubernetesObject } from '../../domain/facts.ts'
import { isSwitchedOn } from '../../k3s/config/effective-settings.ts'
import { asList, textAt, valueAt } from '../flannel/json-object.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, serversOf } from '../subject.ts'
import { liveObject } from './live-object.ts'

export const helmJobStuck: Rule = {
  id: 'machine-helm-job-stuck',
  severity: 'error',
  title: 'a chart whose Helm job does not get done',
  why: 'the chart stays as it was, or is not there at all; the job is tried again and again without anybody being told',
  fix: 'kubectl -n NAMESPACE logs job/helm-install-NAME shows what Helm says; correct the chart or its values',
  versions: 'every version',
  looksAt: ['live'],
  sources: ['k3s-io/helm-controller pkg/controllers/chart/chart.go'],
  check(subject) {
    // A revision may be what mends it: a repository is never refused for it.
    if (subject.scope === 'repository') return []
    const servers = serversOf(subject)
    const runsCharts =
      servers.length > 0 && !servers.some(({ settings }) => isSwitchedOn(settings, 'disable-helm-controller'))
    const charts = (subject.facts.objects ?? []).filter(
      ({ kind, apiVersion }) => kind === 'HelmChart' && apiVersion.startsWith('helm.cattle.io/'),
    )
    return charts.flatMap((chart): Finding[] => {
      const trouble = troubleOf(subject, chart, runsCharts)
      if (trouble === undefined) return []
      const { name, namespace = 'default' } = chart.metadata
      return [
        {
          at: liveObject(chart),
          what: `HelmChart ${namespace}/${name} ${trouble}`,
          fix: `kubectl -n ${namespace} logs job/helm-install-${name}`,
        },
      ]
    })
  },
}

function troubleOf({ facts }: LintSubject, chart: KubernetesObject, runsCharts: boolean): string | undefined {
  if (isOfOthers(chart)) return undefined
  const failed = conditionOf(chart, 'Failed')
  if (failed?.status === 'True') return `has failed${failed.reason === '' ? '' : ` (${failed.reason})`}`
  const { name, namespace = 'default' } = chart.metadata
  const job = (facts.objects ?? []).find(
    ({ kind, metadata }) =>
      kind === 'Job' && metadata.name === `helm-install-${name}` && (metadata.namespace ?? 'default') === namespace,
  )
  const failures = Number(valueAt(job, 'status', 'failed') ?? 0)
  const successes = Number(valueAt(job, 'status', 'succeeded') ?? 0)
  if (job !== undefined && failures > 0 && successes === 0) return `has a job that failed ${failures} times`
  const hasJob = (textAt(chart, 'status', 'jobName') ?? '') !== ''
  return runsCharts && !hasJob ? 'has no job yet' : undefined
}

/** Another controller looks after it, or nobody is to. */
function isOfOthers({ metadata: { annotations = {} } }: KubernetesObject): boolean {
  const manager = annotations['helmcharts.cattle.io/managed-by'] ?? 'helm-controller'
  return annotations['helmcharts.helm.cattle.io/unmanaged'] !== undefined || manager !== 'helm-controller'
}

function conditionOf(
  object: KubernetesObject,
  type: string,
): { readonly status: string; readonly reason: string } | undefined {
  const found = asList(valueAt(object, 'status', 'conditions')).find((condition) => textAt(condition, 'type') === type)
  if (found === undefined) return undefined
  return { status: textAt(found, 'status') ?? '', reason: textAt(found, 'reason') ?? '' }
}

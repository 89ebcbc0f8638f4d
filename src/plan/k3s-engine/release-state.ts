import type { ChartJob, ChartRelease, DeployedChart } from '../../domain/deployed-objects.ts'
import { textIn } from '../../domain/plain-json.ts'
import { type DeployedState, failed, pending, stuck } from './manifest-state.ts'

interface ReleaseQuestion {
  readonly found: DeployedChart
  readonly job: ChartJob
  readonly release: ChartRelease | undefined
}

/** An operation that began; Helm refuses every other one until somebody says how it ended. */
const begun: ReadonlySet<string> = new Set(['pending-install', 'pending-upgrade', 'pending-rollback', 'uninstalling'])

/**
 * What keeps a release from being what its chart says; undefined when nothing does. A job that is tried again is no end yet:
 * its image puts an interrupted operation right itself when it runs the next time.
 *
 * @see k3s-io/klipper-helm entry (`helm_update`); k3s-packaged-components §3.5
 */
export function releaseState({ found, job, release }: ReleaseQuestion): DeployedState | undefined {
  const name = `${found.namespace}/${found.name}`
  const logs = `kubectl -n ${job.namespace} logs job/${job.name} says why`
  const isRunning = job.succeeded === 0 && !job.hasGivenUp
  if (release !== undefined && begun.has(release.status)) {
    const what = `Helm release ${name} is ${release.status} (${release.object})`
    // A job that was killed in the middle is tried again; one that is done or has given up never is.
    return isRunning
      ? pending(`${what}, and its job is at work`)
      : stuck(what, `no job works on it: ${logs}, ${anew(found, job)}`)
  }
  if (release?.status === 'failed') {
    const what = `Helm release ${name} has failed (${release.object})`
    if (policyOf(found) === 'abort') {
      return stuck(
        what,
        `failurePolicy abort leaves it to you: ${logs}; correct the values, then helm -n ${release.namespace} rollback ${found.name}`,
      )
    }
    return isRunning
      ? failed(`${what}, and its job tries again: ${logs}`)
      : stuck(what, `no job works on it: ${logs}, ${anew(found, job)}`)
  }
  if (job.hasGivenUp) return stuck(`the Helm job of ${name} has given up`, `${logs}, ${anew(found, job)}`)
  if (job.failed > 0 && job.succeeded === 0)
    return failed(`the Helm job of ${name} fails and is tried again: ${logs}${waiting(job)}`)
  return undefined
}

/** What the job does with a release that failed: that of the override, where it has one, else the chart's own. */
function policyOf({ chart, config }: DeployedChart): string {
  return textIn(config?.spec['failurePolicy']) ?? textIn(chart?.spec['failurePolicy']) ?? 'reinstall'
}

/** K3s makes a job anew that was deleted; with `reinstall` that may take the release away first. */
function anew(found: DeployedChart, job: ChartJob): string {
  const again = `kubectl -n ${job.namespace} delete job ${job.name} makes K3s try again`
  if (policyOf(found) !== 'reinstall') return again
  return `${again}, and failurePolicy reinstall then uninstalls the release first: set it to abort where that must not be`
}

function waiting({ waitsFor }: ChartJob): string {
  return waitsFor.length === 0 ? '' : `; its pod waits: ${waitsFor.join(', ')}`
}

import type { DeployedObjects } from '../../domain/deployed-objects.ts'
import type { Failure } from '../../domain/failure.ts'
import type { DeployedObjectsPort } from '../../ports/deployed-objects-port.ts'
import type {
  KubeObjectsPort,
  KubeQuery,
  KubeWatchPort,
  LiveObject,
  PickedStore,
} from '../../ports/kube-objects-port.ts'
import { deployedAddon, toldOfAddon, wordsOf } from './deployed-addons.ts'
import { readCharts } from './deployed-charts.ts'
import { chartJobOf, jobLabel, jobPod, withPods } from './deployed-jobs.ts'
import { chartRelease, releaseLabels } from './deployed-releases.ts'

const inKubeSystem = { namespace: 'kube-system' }
const ofHelm = 'helm.cattle.io/v1'

/** What K3s's deploy controller and its Helm controller tell of their work, kept up to date by watches. */
export function openDeployedObjects(objects: KubeObjectsPort & KubeWatchPort): DeployedObjectsPort {
  let watched: Watched | undefined
  return {
    start(changed, signal) {
      watched = watchAll(objects, changed, signal)
    },
    get interruption() {
      if (watched === undefined) return undefined
      const away = parts(watched)
        .map((part) => part.failure())
        .find((failure) => failure !== undefined && !neverReadable.has(failure.detail.code))
      return away ?? refusedAddons(watched)
    },
    async read(charts, withValues, signal): Promise<DeployedObjects | undefined> {
      if (watched === undefined || !parts(watched).every(isSettled)) return undefined
      const refused = refusedAddons(watched)
      if (refused !== undefined) throw refused
      const { addons, events, jobs, pods, secrets, configMaps } = watched
      const [jobsNow, secretsNow] = [jobs.items(), secrets.items()]
      return {
        addons: addons.items() ?? [],
        words: wordsOf(events.items() ?? []),
        jobs: jobsNow === undefined ? undefined : withPods(jobsNow, pods.items() ?? []),
        releases: secretsNow === undefined ? undefined : [...secretsNow, ...(configMaps.items() ?? [])],
        charts: await readCharts(charts, withValues, objects, signal),
      }
    },
  }
}

type Watched = ReturnType<typeof watchAll>

/** Of each object only what counts is kept; of charts, only that they changed: what they hold may be large, and is read in a pass. */
function watchAll(objects: KubeWatchPort, changed: () => void, signal: AbortSignal) {
  const watch = <T>(query: KubeQuery, pick: (object: LiveObject) => T | undefined): Part<T> =>
    partOf(objects.watchPicked(query, pick, changed, signal), changed)
  const version = ({ metadata }: LiveObject): string => metadata.resourceVersion
  const releases = { apiVersion: 'v1', labelSelector: releaseLabels, metadataOnly: true } as const
  const addon = { apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', keepManagedFields: true, ...inKubeSystem } as const
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    fieldSelector: 'involvedObject.kind=Addon',
    ...inKubeSystem,
  } as const
  return {
    addons: watch(addon, deployedAddon),
    events: watch(event, toldOfAddon),
    charts: watch({ apiVersion: ofHelm, kind: 'HelmChart', metadataOnly: true }, version),
    configs: watch({ apiVersion: ofHelm, kind: 'HelmChartConfig', metadataOnly: true }, version),
    jobs: watch({ apiVersion: 'batch/v1', kind: 'Job', labelSelector: jobLabel }, chartJobOf),
    pods: watch({ apiVersion: 'v1', kind: 'Pod', labelSelector: jobLabel }, jobPod),
    secrets: watch({ ...releases, kind: 'Secret' }, (object) => chartRelease('Secret', object)),
    configMaps: watch({ ...releases, kind: 'ConfigMap' }, (object) => chartRelease('ConfigMap', object)),
  }
}

/** One of the watches. */
interface Part<T> {
  isListed(): boolean
  /** Undefined where it may not be read, or was not yet. */
  items(): readonly T[] | undefined
  failure(): Failure | undefined
}

function partOf<T>(store: PickedStore<T | undefined>, changed: () => void): Part<T> {
  let isListed = false
  const listed = (): void => {
    isListed = true
    changed()
  }
  // It rejects when it is ended before.
  store.ready.then(listed, () => undefined)
  const failure = (): Failure | undefined => {
    const state = store.state()
    return state.kind === 'interrupted' ? state.failure : undefined
  }
  return {
    isListed: () => isListed,
    failure,
    items() {
      if (isListed) return [...store.items()].filter((item) => item !== undefined)
      return failure()?.detail.code === 'KUBE_KIND_UNKNOWN' ? [] : undefined
    },
  }
}

function parts(watched: Watched): readonly Part<unknown>[] {
  return Object.values(watched)
}

/** Not there, or not for these credentials: that it is tried again is no reason to wait for it. */
const neverReadable: ReadonlySet<string> = new Set(['KUBE_KIND_UNKNOWN', 'KUBE_FORBIDDEN'])

function isSettled(part: Part<unknown>): boolean {
  return part.isListed() || neverReadable.has(part.failure()?.detail.code ?? '')
}

/** Without Addons nothing can be told at all. */
function refusedAddons({ addons }: Watched): Failure | undefined {
  const failure = addons.failure()
  return failure?.detail.code === 'KUBE_FORBIDDEN' ? failure : undefined
}

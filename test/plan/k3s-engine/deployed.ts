import type {
  ChartJob,
  ChartRelease,
  DeployedAddon,
  DeployedChart,
  DeployedObjects,
  DeployWord,
  LiveChart,
} from '../../../src/domain/deployed-objects.ts'
import { type K3sVersion, parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { manifests } from '../../lab/planning.ts'

/** Seconds of one day, as K3s and the API server write them. */
export const second = (n: number): number => Date.UTC(2026, 0, 1) + n * 1_000

export function addon(name: string, text: string | undefined, extra: Partial<DeployedAddon> = {}): DeployedAddon {
  return {
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '7',
    source: `${manifests}/${name}.yaml`,
    checksum: text === undefined ? '' : sha256Hex(text),
    writtenAtMs: second(10),
    ...extra,
  }
}

export function word(of: string, extra: Partial<DeployWord> = {}): DeployWord {
  return { addon: of, isFailure: false, reason: 'AppliedManifest', message: '', atMs: second(10), ...extra }
}

export function failure(of: string, atMs: number, message = 'no matches for kind "Widget"'): DeployWord {
  return word(of, { isFailure: true, reason: 'ApplyManifestFailed', message, atMs })
}

export function liveChart(spec: LiveChart['spec'], extra: Partial<LiveChart> = {}): LiveChart {
  return { spec, annotations: {}, isDeleting: false, ...extra }
}

export function chart(extra: Partial<DeployedChart> = {}): DeployedChart {
  return {
    namespace: 'kube-system',
    name: 'traefik',
    chart: liveChart({ chart: 'traefik', valuesContent: 'stock: true\n' }),
    config: liveChart({ valuesContent: 'ports: {}\n' }),
    values: undefined,
    ...extra,
  }
}

export function job(extra: Partial<ChartJob> = {}): ChartJob {
  return {
    namespace: 'kube-system',
    chart: 'traefik',
    name: 'helm-install-traefik',
    configHash: '',
    createdAtMs: second(20),
    active: 0,
    succeeded: 1,
    failed: 0,
    hasGivenUp: false,
    waitsFor: [],
    ...extra,
  }
}

export function release(extra: Partial<ChartRelease> = {}): ChartRelease {
  return {
    namespace: 'kube-system',
    name: 'traefik',
    revision: 2,
    status: 'deployed',
    configHash: undefined,
    object: 'Secret sh.helm.release.v1.traefik.v2',
    createdAtMs: second(25),
    ...extra,
  }
}

export function live(extra: Partial<DeployedObjects> = {}): DeployedObjects {
  return { addons: [], words: [], charts: [], jobs: [], releases: [], ...extra }
}

export function k3s(text: string): K3sVersion {
  const version = parseK3sVersion(text)
  if (version === undefined) throw new Error(`${text} is no release`)
  return version
}

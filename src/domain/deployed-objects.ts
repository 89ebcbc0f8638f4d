import type { Json } from './plain-json.ts'

/** What the API of a cluster shows of the manifests that K3s deploys, cut down to what tells how it went. */
export interface DeployedObjects {
  readonly addons: readonly DeployedAddon[]
  /** What was said about each Addon last, of each server one; newest first. Events live for an hour. */
  readonly words: readonly DeployWord[]
  /** Of the charts that were asked for. */
  readonly charts: readonly DeployedChart[]
  /** Undefined where they may not be read. */
  readonly jobs: readonly ChartJob[] | undefined
  /** Undefined where they may not be read. */
  readonly releases: readonly ChartRelease[] | undefined
}

export interface DeployedAddon {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  /** Path of the file on the server that applied it last; empty when it was never written. */
  readonly source: string
  /** SHA-256 of the bytes of its last success, in hex; empty before the first. */
  readonly checksum: string
  /** Of the last write to it, epoch milliseconds in whole seconds; undefined where the server does not say. */
  readonly writtenAtMs: number | undefined
}

export interface DeployWord {
  /** Name of the Addon. */
  readonly addon: string
  /** Whether something went wrong: a Warning. */
  readonly isFailure: boolean
  readonly reason: string
  /** Without what it may quote of a manifest. */
  readonly message: string
  /** Epoch milliseconds; K3s writes whole seconds. */
  readonly atMs: number
}

export interface ChartName {
  readonly namespace: string
  readonly name: string
}

/** A HelmChart and its HelmChartConfig, which go together by namespace and name. */
export interface DeployedChart extends ChartName {
  readonly chart: LiveChart | undefined
  readonly config: LiveChart | undefined
  /** What the Helm controller gives to its job; undefined when it was not asked for, or is not there. */
  readonly values: ChartValues | 'unreadable' | undefined
}

export interface LiveChart {
  readonly spec: Json
  readonly annotations: Readonly<Record<string, string>>
  readonly isDeleting: boolean
  /** The condition `Failed`, where it is True. */
  readonly failure?: { readonly reason: string; readonly message: string }
}

/** `chart-values-<name>`: a Secret, on old releases a ConfigMap. Never shown. */
export interface ChartValues {
  /** Key → text. */
  readonly texts: ReadonlyMap<string, string>
  /** Of the last write, epoch milliseconds in whole seconds; undefined where the server does not say. */
  readonly writtenAtMs: number | undefined
}

/** The Job `helm-install-<chart>`, and its pods as far as they say why they do not run. */
export interface ChartJob {
  readonly namespace: string
  readonly chart: string
  readonly name: string
  /** `SHA256=<upper-case hex>`; empty where it has none. */
  readonly configHash: string
  readonly createdAtMs: number
  /** Pods that run or wait now. */
  readonly active: number
  readonly succeeded: number
  readonly failed: number
  /** Its condition `Failed` is True: it is not tried any more. */
  readonly hasGivenUp: boolean
  /** `ImagePullBackOff`: why its pods wait; sorted. */
  readonly waitsFor: readonly string[]
}

/** One revision of a Helm release, by the labels of the object that Helm keeps it in. */
export interface ChartRelease extends ChartName {
  readonly revision: number
  /** `deployed`, `failed`, `pending-upgrade`, … */
  readonly status: string
  /** First 63 digits of the hash of the job that made it; only newer Helm controllers write it. */
  readonly configHash: string | undefined
  /** `Secret sh.helm.release.v1.traefik.v3`. */
  readonly object: string
  readonly createdAtMs: number
}

import type { DeployStatus, DeployWarning, ManifestStatus } from '../../domain/deploy-status.ts'
import type { ChartName, DeployedObjects } from '../../domain/deployed-objects.ts'
import { asRecord } from '../../domain/plain-json.ts'
import type { NodeProgram } from '../../domain/program.ts'
import { manifestName } from '../../k3s/locations.ts'
import { addonName, isDeployable } from '../../k3s/manifest-rules.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { type ManifestObject, readManifestObjects } from '../../text/manifest-objects.ts'
import { addonState } from './addon-state.ts'
import { chartState } from './chart-state.ts'
import { type DeployedState, pending, worst } from './manifest-state.ts'
import type { OurManifest } from './our-manifest.ts'
import { policyWarning } from './policy-warning.ts'
import { revertedManifests } from './reverted-manifests.ts'

export interface K3sEngineInput {
  readonly manifests: readonly OurManifest[]
  /** Files of K3s that are as it staged them: told of only where K3s failed with one of them. */
  readonly packaged: readonly OurManifest[]
  /** Of every file in the directory, relative to it. */
  readonly names: readonly string[]
  /** Of the K3s that runs; undefined where nobody knows it. */
  readonly version: K3sVersion | undefined
  readonly live: DeployedObjects
}

/** What a living K3s made of our manifests. */
export function manifestStates(input: K3sEngineInput): DeployStatus {
  const packaged = input.packaged.map((manifest) => lookAt(manifest, input))
  const looked = [
    ...input.manifests.map((manifest) => lookAt(manifest, input)),
    ...packaged.filter(({ status }) => status.state === 'Failed'),
  ]
  return {
    manifests: looked.map(({ status }) => status).sort(byPath),
    warnings: looked.flatMap(({ warnings }) => warnings).sort((a, b) => byPath(a, b) || (a.code < b.code ? -1 : 1)),
  }
}

/** The charts that the manifests of a program are about, each once. */
export function chartsOf({ files }: Pick<NodeProgram, 'files'>): readonly ChartName[] {
  const all = files
    .filter(({ location }) => location === 'manifest')
    .flatMap(({ path, text }) => chartDocuments(path, text).map(nameOf))
  return [...new Map(all.map((chart) => [`${chart.namespace}/${chart.name}`, chart])).values()]
}

interface Looked {
  readonly status: ManifestStatus
  readonly warnings: readonly DeployWarning[]
}

function lookAt(manifest: OurManifest, { names, version, live }: K3sEngineInput): Looked {
  const { path, text, digest, isInPlace } = manifest
  const addon = addonName(path)
  const found = live.addons.find(({ name }) => name === addon)
  const word = live.words.find((one) => one.addon === addon)
  const asked = { path, digest, addon: found, word, version }
  const file = isInPlace ? (isLeftOut(path, names) ?? addonState(asked)) : pending('the file is not in place yet')
  const charts = chartDocuments(path, text).map((document) => ({
    document,
    state: stateOfChart(document, live, version),
  }))
  const state = file.state === 'Applied' ? worst(charts.map((chart) => chart.state)) : file
  return {
    status: { path, addon, ...state },
    warnings: [
      ...clashes(path, names),
      ...revertedManifests([manifest], live).map(() => revertWarning(path)),
      ...charts.flatMap(({ document }) => policyWarning(path, document, live) ?? []),
    ],
  }
}

function isLeftOut(path: string, names: readonly string[]): DeployedState | undefined {
  const marker = `${path.slice(path.lastIndexOf('/') + 1)}.skip`
  const found = names.find((name) => name.slice(name.lastIndexOf('/') + 1) === marker)
  return found === undefined ? undefined : pending(`${found} keeps K3s from applying it`)
}

function stateOfChart(document: ChartDocument, live: DeployedObjects, version: K3sVersion | undefined): DeployedState {
  const { namespace, name } = nameOf(document)
  const found = live.charts.find((one) => one.namespace === namespace && one.name === name)
  if (found === undefined) return pending(`${document.kind} ${namespace}/${name} has not been read yet`)
  return chartState({ kind: document.kind, found, spec: asRecord(document.value['spec']), live, version })
}

/** Two files with one Addon's name prune each other's objects (k3s-io/k3s #1369). */
function clashes(path: string, names: readonly string[]): readonly DeployWarning[] {
  const own = manifestName(path)
  const others = names.filter((name) => name !== own && isDeployable(name) && addonName(name) === addonName(path))
  return others.map((other) => ({
    code: 'ADDON_NAME_CLASH',
    path,
    message: `${other} has the same Addon, ${addonName(path)}: each takes the objects of the other away; rename one of them`,
  }))
}

function revertWarning(path: string): DeployWarning {
  return {
    code: 'REVERT_AFTER_FAILURE',
    path,
    message:
      'another content was begun and failed, and K3s takes this one for applied without looking: what the other one made may still be there, until the file changes or K3s starts',
  }
}

type ChartDocument = ManifestObject & { readonly kind: 'HelmChart' | 'HelmChartConfig' }

function chartDocuments(path: string, text: string): readonly ChartDocument[] {
  return readManifestObjects(path, text).objects.filter(
    (object): object is ChartDocument =>
      object.apiVersion.startsWith('helm.cattle.io/') &&
      (object.kind === 'HelmChart' || object.kind === 'HelmChartConfig'),
  )
}

/** K3s puts what says no namespace into `default`. */
function nameOf({ namespace = 'default', name }: ManifestObject): ChartName {
  return { namespace, name }
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

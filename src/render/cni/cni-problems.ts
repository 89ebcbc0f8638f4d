import type { LocatedLine, Problem } from '../../domain/problem.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import type { DesiredState, DocumentPath } from '../../schema/documents.ts'
import { type ManifestPatch, printPatchPlace } from '../../text/manifest-patch.ts'
import { chartVersionProblems } from './chart-version.ts'
import { installedPlugin } from './cni-manifests.ts'
import { macvlanProblems } from './macvlan-problems.ts'
import { hasSeparateDefinitions } from './multus-chart.ts'
import type { InstalledPlugin } from './plugin-charts.ts'
import { pluginManifest } from './plugin-manifest.ts'

const cni: DocumentPath = ['spec', 'cni']

/**
 * What keeps `renderCniManifests` from making what the documents want: a manifest without the place to set something, a
 * release that cannot install charts this way, a network without addresses. Errors stop the revision. That a file is not
 * there at all is for lint to say.
 */
export function cniManifestProblems(desired: DesiredState): Problem[] {
  const plugin = installedPlugin(desired.cluster)
  return [
    ...(plugin === undefined ? unusedProblems(desired) : installerProblems(desired, plugin)),
    ...chartVersionProblems(desired),
    ...definitionProblems(desired),
    ...macvlanProblems(desired),
  ]
}

function unusedProblems(desired: DesiredState): Problem[] {
  const { plugin, ...fields } = desired.cluster.spec.cni
  return (['chart', 'manifest'] as const)
    .filter((field) => fields[field] !== undefined)
    .map((field) => ({
      code: 'CNI_INSTALLER_UNUSED',
      severity: 'warning' as const,
      ...at(desired, [...cni, field]),
      what: `${field} is written beside plugin ${plugin}`,
      why:
        plugin === 'none'
          ? 'with none somebody else installs the pod network, and this is not rendered'
          : 'flannel is part of K3s, and nothing is installed for it',
      fix: `name the plugin that it installs, or take ${field} out`,
    }))
}

function installerProblems(desired: DesiredState, plugin: InstalledPlugin): Problem[] {
  const { chart, manifest } = desired.cluster.spec.cni
  if (manifest !== undefined) return manifestProblems(desired, plugin, manifest)
  return chart === undefined ? [] : bootstrapProblems(desired)
}

function bootstrapProblems(desired: DesiredState): Problem[] {
  const version = parseK3sVersion(desired.cluster.spec.k3sVersion)
  if (version === undefined || supports('chart-bootstrap', version)) return []
  return [
    {
      code: 'CNI_CHART_NOT_BOOTABLE',
      severity: 'error',
      ...at(desired, [...cni, 'chart']),
      what: `K3s ${version.text} cannot run the job of a chart before there is a pod network`,
      why: 'the pod that installs the network would wait for the network',
      fix: 'keep the manifest of the plugin below cni/ and name it in spec.cni.manifest, or take K3s 1.19.1 or newer',
    },
  ]
}

function manifestProblems(desired: DesiredState, plugin: InstalledPlugin, file: string): Problem[] {
  const patched = pluginManifest(desired, plugin, file)
  if (patched === undefined) return []
  const places = [...new Set(patched.missing.map(printPatchPlace))]
  return places.map((place) => ({
    code: 'CNI_MANIFEST_PLACE_MISSING',
    severity: 'error',
    place: { file: patched.source.file, line: 1, column: 1 },
    what: `the manifest has no ${place}, or not in a form that can be changed`,
    why: `${namesOf(patched.missing, place)} must be set there for this cluster, and would stay as upstream has it`,
    fix: `vendor the manifest of ${plugin} as its project publishes it, or install the plugin with a chart`,
  }))
}

function namesOf(missing: readonly ManifestPatch[], place: string): string {
  const names = missing
    .filter((patch) => printPatchPlace(patch) === place)
    .map((patch) => (patch.kind === 'env' ? patch.name : patch.kind === 'data' ? patch.key : lastField(patch.path)))
  return [...new Set(names)].join(', ')
}

function lastField(path: readonly unknown[]): string {
  return path.filter((step) => typeof step === 'string').at(-1) ?? 'a value'
}

function definitionProblems(desired: DesiredState): Problem[] {
  const { multus } = desired.cluster.spec.cni.secondary
  if (multus === undefined || multus.repository !== undefined || !hasSeparateDefinitions(multus)) return []
  if (desired.manifests.some(({ text }) => text.includes('network-attachment-definitions.k8s.cni.cncf.io'))) return []
  return [
    {
      code: 'MULTUS_DEFINITIONS_APART',
      severity: 'warning',
      ...at(desired, [...cni, 'secondary', 'multus']),
      what: 'the chart is not from a repository, so the chart of its definitions cannot be found',
      why: 'rke2-multus 4.3 and newer leave NetworkAttachmentDefinition to the chart rke2-multus-crd and fail without it',
      fix: 'put the definitions into manifests/, write a version older than 4.3, or install from a repository',
    },
  ]
}

function at(desired: DesiredState, path: DocumentPath): LocatedLine {
  return desired.places.clusterPlace(path)
}

import type { FileArtefact } from '../domain/artefact.ts'
import { isRecord } from '../domain/plain-json.ts'
import { poolLabel } from '../k3s/servicelb-labels.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import { traefikRelease } from '../k3s/version/traefik-releases.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { helmChartConfigFile } from './helm-chart-configs.ts'
import { poolOfService, poolTrigger, traefikService } from './pool-labels.ts'
import { version1DashboardValues } from './traefik-dashboard.ts'

/**
 * The HelmChartConfig of the packaged Traefik: the user's values, and the label of the pool its Service belongs to, with
 * the annotation that makes ServiceLB look again. A
 * Service that belongs to a Helm release gets labels through chart values only, or the next upgrade takes them away; every
 * packaged chart takes them from `service.labels`.
 *
 * The dashboard is a file of its own (`traefik-dashboard.ts`) and needs no value: every later chart has its API on. Only
 * the chart of Traefik v1 makes the route itself.
 */
export function renderTraefikConfig(network: ClusterNetwork): FileArtefact | undefined {
  const { traefik } = network.spec.components
  if (!traefik.enabled) return undefined
  const pool = poolOfService(network, traefikService)
  const values = [
    ...(isVersion1(network) ? [version1DashboardValues(network)] : []),
    ...(pool === undefined ? [] : [{ service: { labels: { [poolLabel]: pool }, annotations: poolTrigger(pool) } }]),
  ].reduce<Record<string, unknown>>((own, set) => withValues(own, set), { ...traefik.values })
  const hasValues = Object.keys(values).length > 0
  if (!hasValues && traefik.valuesFrom.length === 0 && traefik.failurePolicy === undefined) return undefined
  return helmChartConfigFile(network.spec.k3sVersion, {
    file: 'fairlead-traefik',
    origin: 'spec.components.traefik',
    override: {
      ...traefikService,
      ...(hasValues ? { values } : {}),
      valuesFrom: traefik.valuesFrom,
      failurePolicy: traefik.failurePolicy,
    },
  })
}

function isVersion1(network: ClusterNetwork): boolean {
  const version = parseK3sVersion(network.spec.k3sVersion)
  return version !== undefined && traefikRelease(version)?.chartMajor === 1
}

/** Mappings are merged, everything else is replaced. */
function withValues(
  own: Readonly<Record<string, unknown>>,
  set: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...own }
  for (const [key, value] of Object.entries(set)) {
    const before = merged[key]
    merged[key] = isRecord(value) && isRecord(before) ? withValues(before, value) : value
  }
  return merged
}

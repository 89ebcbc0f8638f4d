import type { FileArtefact } from '../domain/artefact.ts'
import { poolLabel } from '../k3s/servicelb-labels.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { helmChartConfigFile } from './helm-chart-configs.ts'
import { poolOfService, traefikService } from './pool-labels.ts'

/**
 * The HelmChartConfig of the packaged Traefik: the user's values, and the label of the pool its Service belongs to. A
 * Service that belongs to a Helm release gets labels through chart values only, or the next upgrade takes them away.
 */
export function renderTraefikConfig(network: ClusterNetwork): FileArtefact | undefined {
  const { traefik } = network.spec.components
  if (!traefik.enabled) return undefined
  const pool = poolOfService(network, traefikService)
  const values = pool === undefined ? traefik.values : withPoolLabel(traefik.values ?? {}, pool)
  if (values === undefined || Object.keys(values).length === 0) return undefined
  return helmChartConfigFile('fairlead-traefik', 'spec.components.traefik', { ...traefikService, values })
}

function withPoolLabel(values: Readonly<Record<string, unknown>>, pool: string): Record<string, unknown> {
  const service = asRecord(values['service'])
  return { ...values, service: { ...service, labels: { ...asRecord(service['labels']), [poolLabel]: pool } } }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

import { type LabelsArtefact, labelsId } from '../domain/artefact.ts'
import type { Facts, NodeFacts } from '../domain/facts.ts'
import { enableLabel, poolDigestAnnotation, poolLabel } from '../k3s/servicelb-labels.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { sha256Hex } from '../text/digest.ts'

type Pool = ClusterNetwork['spec']['loadBalancer']['pools'][number]

export const traefikService = { namespace: 'kube-system', name: 'traefik' } as const

/** Node labels: the first pool turns the allow-list on, so every node of a pool carries both labels. */
export function renderNodeLabels(network: ClusterNetwork, facts: Facts): LabelsArtefact[] {
  return network.spec.loadBalancer.pools.flatMap((pool, index) =>
    nodesOfPool(pool, facts).map((node) => ({
      kind: 'node-labels',
      id: labelsId('node-labels', node),
      object: node,
      labels: { [enableLabel]: 'true', [poolLabel]: pool.name },
      annotations: {},
      origin: `spec.loadBalancer.pools[${index}]`,
    })),
  )
}

/** Service labels, with the annotation that makes ServiceLB look again. Traefik's own Service is labelled by its chart. */
export function renderServiceLabels(network: ClusterNetwork): LabelsArtefact[] {
  return network.spec.loadBalancer.pools.flatMap((pool, index) =>
    pool.services
      .filter((service) => !isTraefik(service))
      .map((service) => {
        const object = `${service.namespace}/${service.name}`
        return {
          kind: 'service-labels',
          id: labelsId('service-labels', object),
          object,
          labels: { [poolLabel]: pool.name },
          annotations: poolTrigger(pool.name),
          origin: `spec.loadBalancer.pools[${index}]`,
        }
      }),
  )
}

/** ServiceLB looks at a Service again when an annotation changes; a label alone is no reason for it. */
export function poolTrigger(pool: string): Readonly<Record<string, string>> {
  return { [poolDigestAnnotation]: sha256Hex(pool).slice(0, 16) }
}

export function poolOfService(
  network: ClusterNetwork,
  service: { readonly namespace: string; readonly name: string },
): string | undefined {
  return network.spec.loadBalancer.pools.find((pool) =>
    pool.services.some((member) => member.namespace === service.namespace && member.name === service.name),
  )?.name
}

function nodesOfPool(pool: Pool, facts: Facts): string[] {
  const { names, matchLabels } = pool.nodes
  if (names !== undefined) return [...names].sort()
  return facts.nodes
    .filter((node) => hasLabels(node, matchLabels ?? {}))
    .map((node) => node.name)
    .sort()
}

function hasLabels(node: NodeFacts, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => node.labels[key] === value)
}

function isTraefik(service: { readonly namespace: string; readonly name: string }): boolean {
  return service.namespace === traefikService.namespace && service.name === traefikService.name
}

import type { Facts } from '../domain/facts.ts'
import { enableLabel, multiPoolLabelPrefix, poolLabel } from '../k3s/servicelb-labels.ts'
import type { DocumentMapping } from '../text/yaml-document-print.ts'
import { isDnsLabel } from './field-values.ts'
import { type ImportNote, namesOf } from './import-input.ts'

/**
 * The pools of ServiceLB that the labels of nodes and Services make. A pool stands for both labels on each of its nodes;
 * labels that say less, or something else, stay as they are.
 */
export function readPools(facts: Facts | undefined): {
  readonly pools: readonly DocumentMapping[]
  readonly notes: readonly ImportNote[]
} {
  if (facts === undefined) return { pools: [], notes: [] }
  const names = new Set([...facts.nodes, ...facts.services].flatMap(({ labels }) => labels[poolLabel] ?? []))
  const notes: ImportNote[] = []
  const pools = [...names].sort().flatMap((name): DocumentMapping[] => {
    const nodes = facts.nodes.filter(({ labels }) => labels[poolLabel] === name)
    const services = facts.services.filter((one) => one.labels[poolLabel] === name && one.isDeleting !== true)
    const objection = poolObjection(name, nodes)
    if (objection !== undefined) {
      const members = [...nodes.map((node) => node.name), ...services.map((one) => `${one.namespace}/${one.name}`)]
      notes.push({ what: `the pool ${JSON.stringify(name)} of ${namesOf(members)}`, why: objection })
      return []
    }
    // The Service of a Helm release has its labels from the values of the chart.
    const own = services.filter(
      (one) => one.annotations?.['meta.helm.sh/release-name'] === undefined && !isTraefik(one),
    )
    notes.push(
      ...chartServices(name, services.length === own.length ? [] : services.filter((one) => !own.includes(one))),
    )
    return [
      {
        name,
        nodes: { names: nodes.map((node) => node.name).sort() },
        services: own.map((service) => ({ namespace: service.namespace, name: service.name })),
      },
    ]
  })
  return { pools, notes: [...notes, ...otherLabels(facts)] }
}

function poolObjection(name: string, nodes: Facts['nodes']): string | undefined {
  if (!isDnsLabel(name))
    return 'its name is no label of DNS, as the name of a pool must be; the labels stay as they are'
  if (nodes.length === 0) return 'no node carries its label, so its Services wait; the labels stay as they are'
  const without = nodes.filter(({ labels }) => labels[enableLabel] !== 'true').map((node) => node.name)
  if (without.length === 0) return undefined
  return `${namesOf(without)} ${without.length === 1 ? 'does' : 'do'} not carry ${enableLabel}=true, which a pool would set and so change where Services are served; the labels stay as they are`
}

function isTraefik({ namespace, name }: { readonly namespace: string; readonly name: string }): boolean {
  return namespace === 'kube-system' && name === 'traefik'
}

function chartServices(pool: string, services: Facts['services']): ImportNote[] {
  return services.map(({ namespace, name }) => ({
    what: `Service ${namespace}/${name} is in pool ${pool}`,
    why: 'it belongs to a Helm release, whose values carry the label; they stay where they are',
  }))
}

/** Labels of ServiceLB that make no pool. */
function otherLabels({ nodes }: Facts): ImportNote[] {
  const alone = nodes.filter(({ labels }) => labels[enableLabel] !== undefined && labels[poolLabel] === undefined)
  const several = nodes.filter(({ labels }) => Object.keys(labels).some((key) => key.startsWith(multiPoolLabelPrefix)))
  return [
    ...(alone.length === 0
      ? []
      : [
          {
            what: `${enableLabel} on ${namesOf(alone.map((node) => node.name))}`,
            why: 'a node without a pool; the label stays as it is, and goes on limiting ServiceLB to labelled nodes',
          },
        ]),
    ...(several.length === 0
      ? []
      : [
          {
            what: `${multiPoolLabelPrefix}* on ${namesOf(several.map((node) => node.name))}`,
            why: 'a node in several pools cannot be written; the labels stay as they are',
          },
        ]),
  ]
}

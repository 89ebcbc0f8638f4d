import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'

export const inventoryWithoutServer: Rule = {
  id: 'repo-inventory-no-server',
  severity: 'warning',
  title: 'an inventory of agents only',
  why: 'agents join a server, and none is known: nothing is rendered for servers, and most of what a cluster is told is theirs',
  fix: 'add the servers to spec.nodes, or correct the roles',
  versions: 'every version',
  looksAt: [],
  sources: ['k3s-io/docs docs/architecture.md'],
  check({ desired, facts }) {
    const inventory = desired?.cluster.spec.nodes ?? []
    if (desired === undefined || inventory.length === 0) return []
    if ([...inventory, ...facts.nodes].some(({ role }) => role === 'server')) return []
    const what = `none of ${inventory.map(({ name }) => name).join(', ')} is a server`
    return [{ at: desired.places.clusterPlace(['spec', 'nodes']), what }]
  },
}

export const poolOfDisabledTraefik: Rule = {
  id: 'repo-pool-disabled-traefik',
  severity: 'warning',
  title: 'a pool for Traefik, which is disabled',
  why: 'K3s takes the Service away with Traefik, and the pool serves nobody',
  fix: 'enable spec.components.traefik, or name the Service of the ingress controller that takes its place',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: ['k3s-io/k3s manifests/traefik.yaml', 'k3s-io/k3s pkg/deploy/controller.go'],
  check(subject) {
    const { desired } = subject
    if (desired === undefined || desired.cluster.spec.components.traefik.enabled || hasOwnTraefik(subject)) return []
    return desired.cluster.spec.loadBalancer.pools.flatMap((pool, at) =>
      pool.services.flatMap(({ namespace, name }, index): Finding[] => {
        if (namespace !== 'kube-system' || name !== 'traefik') return []
        return [
          {
            at: desired.places.clusterPlace(['spec', 'loadBalancer', 'pools', at, 'services', index]),
            what: `pool ${JSON.stringify(pool.name)} is for Service kube-system/traefik, and Traefik is disabled`,
          },
        ]
      }),
    )
  },
}

/** Somebody's own Service or chart of that name, here or in the cluster. */
function hasOwnTraefik({ objects, services }: LintSubject): boolean {
  return (
    services.some(({ service }) => service.namespace === 'kube-system' && service.name === 'traefik') ||
    objects.some(
      ({ object, origin }) =>
        object.kind === 'HelmChart' && origin !== 'rendered' && object.metadata.name === 'traefik',
    )
  )
}

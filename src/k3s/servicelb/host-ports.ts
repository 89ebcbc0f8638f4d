import type { HostPortPod, ServiceFacts } from '../../domain/facts.ts'
import { priorityClassAnnotation } from '../servicelb-labels.ts'
import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { serviceKey } from './eligibility.ts'
import type { PortHolder } from './prediction.ts'

/** The ports of one Service on every node, as the scheduler sees them. */
export interface HostPorts {
  /** Whether anybody else wants one of them, anywhere. */
  readonly isContested: boolean
  /** Whether an ordinary pod that holds one of them is no obstacle. */
  readonly mayPreempt: boolean
  /** Whether somebody else holds one of them on a node. */
  readonly isHeld: (node: string) => boolean
  /** Ports that somebody else holds on a node. */
  conflicts(node: string): readonly PortConflict[]
  take(node: string): void
}

export interface PortConflict {
  /** `443/TCP`. */
  readonly port: string
  readonly heldBy: PortHolder
}

/**
 * Who holds which host port of which node. ServiceLB asks for its ports on every address of a node, so an ordinary pod
 * stands in its way on whatever address it took the port. Ports that only one Service wants and no pod has are not
 * followed.
 * @param pods ordinary ones
 * @see k3s-networking §5.4 R6
 */
export function hostPorts(
  services: readonly ServiceFacts[],
  pods: readonly HostPortPod[],
  version: K3sVersion,
): (service: ServiceFacts) => HostPorts {
  const holders = holdersOf(contestedPorts(services, pods), pods)
  return (service) => {
    const own: PortHolder = { kind: 'service', key: serviceKey(service) }
    const ports = portTexts(service).flatMap((port) => {
      const byNode = holders.get(port)
      return byNode === undefined ? [] : [{ port, byNode }]
    })
    const isForeign = (holder: PortHolder | undefined): holder is PortHolder =>
      holder !== undefined && !(holder.kind === 'service' && holder.key === own.key)
    return {
      isContested: ports.length > 0,
      mayPreempt: preemptsOrdinaryPods(service, version),
      isHeld: (node) => ports.some(({ byNode }) => isForeign(byNode.get(node))),
      conflicts: (node) =>
        ports.flatMap(({ port, byNode }): PortConflict[] => {
          const heldBy = byNode.get(node)
          return isForeign(heldBy) ? [{ port, heldBy }] : []
        }),
      take(node) {
        for (const { byNode } of ports) byNode.set(node, own)
      },
    }
  }
}

/** Who holds a contested port, by port and by node. */
function holdersOf(
  contested: ReadonlySet<string>,
  pods: readonly HostPortPod[],
): ReadonlyMap<string, Map<string, PortHolder>> {
  const holders = new Map([...contested].map((port) => [port, new Map<string, PortHolder>()]))
  for (const { namespace, name, node, ports } of pods) {
    if (node === undefined) continue
    const holder: PortHolder = { kind: 'pod', key: `${namespace}/${name}` }
    for (const { protocol, port } of ports) holders.get(`${port}/${protocol}`)?.set(node, holder)
  }
  return holders
}

/** `443/TCP`, each once. */
export function portTexts({ ports = [] }: ServiceFacts): readonly string[] {
  return [...new Set(ports.map(({ port, protocol }) => `${port}/${protocol}`))]
}

/**
 * Whether its pods push ordinary pods off a node: they have the priority of node-critical ones. Against each other they
 * are equal. Derived from how the scheduler works.
 * @see k3s-networking §5.4 R7
 */
export function preemptsOrdinaryPods(service: ServiceFacts, version: K3sVersion): boolean {
  const asked = service.annotations?.[priorityClassAnnotation]
  return supports('servicelb-priority-class', version) && (asked === undefined || criticalClasses.has(asked))
}

const criticalClasses: ReadonlySet<string> = new Set(['system-node-critical', 'system-cluster-critical'])

function contestedPorts(services: readonly ServiceFacts[], pods: readonly HostPortPod[]): ReadonlySet<string> {
  const once = new Set<string>()
  const contested = new Set(pods.flatMap((pod) => pod.ports.map(({ port, protocol }) => `${port}/${protocol}`)))
  for (const port of services.flatMap(portTexts)) (once.has(port) ? contested : once).add(port)
  return contested
}

import type { ServiceFacts, ServicePort } from '../../domain/facts.ts'
import { asRecord, textIn, textMapIn } from '../../domain/plain-json.ts'

/**
 * The Service of the packaged Traefik as its chart will make it, for a cluster where nobody has seen it yet. Ports 80
 * and 443 unless the values say otherwise; both the older and the newer way to switch an entry point are understood.
 * @param values of the HelmChartConfig; empty for none
 * @see k3s-io/k3s manifests/traefik.yaml; traefik/traefik-helm-chart traefik/values.yaml; k3s-networking §7.5
 */
export function packagedTraefikService(values: Readonly<Record<string, unknown>>): ServiceFacts | undefined {
  const service = asRecord(values['service'])
  const spec = asRecord(service['spec'])
  if (service['enabled'] === false) return undefined
  const type = textIn(spec['type']) ?? textIn(service['type']) ?? 'LoadBalancer'
  const policy = spec['externalTrafficPolicy']
  const loadBalancerClass = textIn(spec['loadBalancerClass'])
  return {
    ...traefikName,
    type,
    labels: textMapIn(service['labels']),
    annotations: textMapIn(service['annotations']),
    ports: portsOf(asRecord(values['ports'])),
    ...(policy === 'Local' || policy === 'Cluster' ? { externalTrafficPolicy: policy } : {}),
    ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
  }
}

export const traefikName = { namespace: 'kube-system', name: 'traefik' } as const

function portsOf(values: Readonly<Record<string, unknown>>): ServicePort[] {
  const names = new Set([...Object.keys(defaultPorts), ...Object.keys(values)])
  return [...names].flatMap((name): ServicePort[] => {
    const written = asRecord(values[name])
    const port = written['exposedPort'] ?? defaultPorts[name]
    if (typeof port !== 'number' || !isExposed(written['expose'], name)) return []
    return [{ protocol: written['protocol'] === 'UDP' ? 'UDP' : 'TCP', port, name }]
  })
}

/** `expose: true`, or since chart 28 `expose: { default: true }`. */
function isExposed(expose: unknown, name: string): boolean {
  if (typeof expose === 'boolean') return expose
  const inDefault = asRecord(expose)['default']
  return typeof inDefault === 'boolean' ? inDefault : Object.hasOwn(defaultPorts, name)
}

const defaultPorts: Readonly<Record<string, number>> = { web: 80, websecure: 443 }

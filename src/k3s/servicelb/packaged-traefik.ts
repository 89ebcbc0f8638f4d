import type { ServiceFacts, ServicePort } from '../../domain/facts.ts'

/**
 * The Service of the packaged Traefik as its chart will make it, for a cluster where nobody has seen it yet. Ports 80
 * and 443 unless the values say otherwise; both the older and the newer way to switch an entry point are understood.
 * @param values of the HelmChartConfig; empty for none
 * @see k3s-io/k3s manifests/traefik.yaml; traefik/traefik-helm-chart traefik/values.yaml; k3s-networking §7.5
 */
export function packagedTraefikService(values: Readonly<Record<string, unknown>>): ServiceFacts | undefined {
  const service = recordIn(values['service'])
  const spec = recordIn(service['spec'])
  if (service['enabled'] === false) return undefined
  const type = textIn(spec['type']) ?? textIn(service['type']) ?? 'LoadBalancer'
  const policy = spec['externalTrafficPolicy']
  const loadBalancerClass = textIn(spec['loadBalancerClass'])
  return {
    ...traefikName,
    type,
    labels: textsIn(service['labels']),
    annotations: textsIn(service['annotations']),
    ports: portsOf(recordIn(values['ports'])),
    ...(policy === 'Local' || policy === 'Cluster' ? { externalTrafficPolicy: policy } : {}),
    ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
  }
}

export const traefikName = { namespace: 'kube-system', name: 'traefik' } as const

function portsOf(values: Readonly<Record<string, unknown>>): ServicePort[] {
  const names = new Set([...Object.keys(defaultPorts), ...Object.keys(values)])
  return [...names].flatMap((name): ServicePort[] => {
    const written = recordIn(values[name])
    const port = written['exposedPort'] ?? defaultPorts[name]
    if (typeof port !== 'number' || !isExposed(written['expose'], name)) return []
    return [{ protocol: written['protocol'] === 'UDP' ? 'UDP' : 'TCP', port, name }]
  })
}

/** `expose: true`, or since chart 28 `expose: { default: true }`. */
function isExposed(expose: unknown, name: string): boolean {
  if (typeof expose === 'boolean') return expose
  const inDefault = recordIn(expose)['default']
  return typeof inDefault === 'boolean' ? inDefault : Object.hasOwn(defaultPorts, name)
}

const defaultPorts: Readonly<Record<string, number>> = { web: 80, websecure: 443 }

function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function textsIn(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(recordIn(value)).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  )
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

import type { NodeFacts, ServiceFacts } from '../../src/domain/facts.ts'
import { type Result, refusal, success } from '../../src/domain/result.ts'
import { predictServicelb } from '../../src/k3s/servicelb/predict.ts'
import type { ServicelbCluster, ServicePrediction } from '../../src/k3s/servicelb/prediction.ts'
import { enableLabel, poolLabel } from '../../src/k3s/servicelb-labels.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'

/** Labels of a node: enabled with this text, or in this pool and enabled. */
export const enabled = (value = 'true') => ({ [enableLabel]: value })
export const pooled = (pool: string) => ({ [enableLabel]: 'true', [poolLabel]: pool })
export const inPool = (pool: string) => ({ labels: { [poolLabel]: pool } })

export function agent(name: string, address: string | readonly string[], extra: Partial<NodeFacts> = {}): NodeFacts {
  return { name, role: 'agent', labels: {}, addresses: [address].flat(), isReady: true, ...extra }
}

/** Four nodes A to D, 10.0.0.11 to 10.0.0.14. */
export function fourNodes(extra: Readonly<Record<string, Partial<NodeFacts>>> = {}): NodeFacts[] {
  return ['A', 'B', 'C', 'D'].map((name, index) => agent(name, `10.0.0.${11 + index}`, extra[name] ?? {}))
}

/** A LoadBalancer Service; the later it is made in a test, the younger. */
export function balancer(name: string, ports: readonly (number | string)[], extra: Partial<ServiceFacts> = {}) {
  return {
    namespace: 'default',
    name,
    type: 'LoadBalancer',
    labels: {},
    clusterIP: '10.43.0.1',
    ipFamilies: [4],
    ports: ports.map((port) => {
      const [number, protocol] = String(port).split('/')
      return { port: Number(number), protocol: protocol === 'UDP' ? 'UDP' : 'TCP' } as const
    }),
    ...extra,
  } satisfies ServiceFacts
}

export function version(text: string) {
  const parsed = parseK3sVersion(text)
  if (parsed === undefined) throw new Error(`${text} is no release`)
  return parsed
}

interface ClusterLiteral extends Partial<Omit<ServicelbCluster, 'version'>> {
  readonly version?: string
  /** Oldest first. */
  readonly services: readonly ServiceFacts[]
}

export function cluster({ version: release = 'v1.31.4+k3s1', services, ...rest }: ClusterLiteral): ServicelbCluster {
  return {
    version: version(release),
    nodes: fourNodes(),
    disabledServers: new Set(),
    namespace: 'kube-system',
    primaryFamily: 4,
    readAnnotation: readJson,
    ...rest,
    services: services.map((service, index) => ({ createdAt: createdAt(index), ...service })),
  }
}

/** By name of the Service. */
export function predict(literal: ClusterLiteral): Readonly<Record<string, ServicePrediction>> {
  return Object.fromEntries(predictServicelb(cluster(literal)).map((one) => [one.service.name, one]))
}

export function readJson(text: string): Result<unknown, string> {
  try {
    return success(JSON.parse(text))
  } catch {
    return refusal('it is neither JSON nor YAML')
  }
}

function createdAt(index: number): string {
  return `2026-01-01T00:${String(index).padStart(2, '0')}:00Z`
}

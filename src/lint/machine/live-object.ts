import type { KubernetesObject } from '../../domain/facts.ts'
import type { LocatedLine } from '../../domain/problem.ts'

/** What only the API knows is named like a file: `HelmChart/kube-system/traefik`. */
export function liveObject({ kind, metadata: { namespace, name } }: KubernetesObject): LocatedLine {
  const file = namespace === undefined ? `${kind}/${name}` : `${kind}/${namespace}/${name}`
  return { place: { file, line: 1, column: 1 } }
}

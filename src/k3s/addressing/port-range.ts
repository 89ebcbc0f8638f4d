export interface PortRange {
  readonly first: number
  readonly last: number
}

/**
 * A range of ports as Kubernetes reads it: `30000-32767`, `30000+2767` (first and how many more), or one port.
 * @returns undefined for everything that Kubernetes refuses, a range that ends before it begins among it
 * @see kubernetes/kubernetes staging/src/k8s.io/apimachinery/pkg/util/net/port_range.go
 */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:([-+])(\d{1,5}))?$/.exec(text.trim())
  if (match === null) return undefined
  const first = Number(match[1])
  const second = match[3] === undefined ? first : Number(match[3])
  const last = match[2] === '+' ? Math.min(first + second, 65_535) : second
  return first > 65_535 || last > 65_535 || last < first ? undefined : { first, last }
}

export function holdsPort(range: PortRange, port: number): boolean {
  return port >= range.first && port <= range.last
}

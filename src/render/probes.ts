import type { NodeFacts } from '../domain/facts.ts'
import type { ProbeSpec } from '../domain/probe.ts'
import { defaultApiPort, kubeletPort } from '../k3s/ports/inbound-ports.ts'
import type { DesiredState } from '../schema/documents.ts'
import { k3sSettings } from './k3s-settings.ts'

/** A probe takes no longer than this; all of them run at once. */
const timeoutMs = 2_000
/** Where an agent's own load balancer for the API listens (k3s-io/k3s pkg/agent/proxy). */
const agentApiPort = 6444
/** Of a large cluster a few peers tell as much as all of them. */
const mostPeers = 5

/** What must answer after a risky change if it answered before: the built-in probes, then the user's. */
export function renderProbes(desired: DesiredState, node: NodeFacts): readonly ProbeSpec[] {
  const builtIn: readonly ProbeSpec[] = [
    { name: 'gateway', check: { kind: 'gateway' }, timeoutMs },
    { name: 'dns', check: { kind: 'dns', name: 'kubernetes.io' }, timeoutMs },
    { name: 'api-server', check: { kind: 'tcp', host: '127.0.0.1', port: apiPortOf(desired, node) }, timeoutMs },
    ...peersOf(desired, node).map(
      ({ name, host }): ProbeSpec => ({
        name: `peer-${name}`,
        check: { kind: 'tcp', host, port: kubeletPort },
        timeoutMs,
      }),
    ),
  ]
  const taken = new Set(builtIn.map(({ name }) => name))
  const own = desired.cluster.spec.probes.map((probe): ProbeSpec => {
    const name = taken.has(probe.name) ? `${probe.name}-extra` : probe.name
    if (probe.tcp !== undefined) return { name, check: { kind: 'tcp', ...probe.tcp }, timeoutMs }
    if (probe.http !== undefined) {
      return { name, check: { kind: 'http', url: probe.http.url, expectStatus: probe.http.status }, timeoutMs }
    }
    return { name, check: { kind: 'ping', host: probe.ping?.host ?? '' }, timeoutMs }
  })
  return [...builtIn, ...own]
}

function apiPortOf(desired: DesiredState, node: NodeFacts): number {
  if (node.role === 'agent') return agentApiPort
  const written = k3sSettings(desired, node).find(({ key }) => key === 'https-listen-port')?.value
  const port = Number(written ?? defaultApiPort)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : defaultApiPort
}

function peersOf(desired: DesiredState, node: NodeFacts): readonly { readonly name: string; readonly host: string }[] {
  return desired.cluster.spec.nodes
    .filter(({ name }) => name !== node.name)
    .flatMap(({ name, addresses }) => (addresses?.[0] === undefined ? [] : [{ name, host: addresses[0] }]))
    .slice(0, mostPeers)
}

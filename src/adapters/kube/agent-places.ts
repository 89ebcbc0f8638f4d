import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { asRecord, textsIn } from '../../domain/plain-json.ts'

/** Where an API server listens. */
export interface ApiPlace {
  readonly host: string
  readonly port: number
}

/**
 * K3s's own client-side load balancers write down which servers they know; the second is there where supervisor and API
 * have ports of their own.
 * @see k3s-io/k3s pkg/agent/loadbalancer/loadbalancer.go, config.go
 */
const balancerFiles = ['k3s-api-server-agent-load-balancer.json', 'k3s-agent-load-balancer.json']

/** @param dataDirectory of K3s, below the root of the machine */
export function balancedServers(dataDirectory: string): readonly string[] {
  for (const name of balancerFiles) {
    const addresses = addressesIn(`${dataDirectory}/agent/etc/${name}`)
    if (addresses.length > 0) return addresses
  }
  return []
}

function addressesIn(path: string): readonly string[] {
  try {
    return textsIn(asRecord(JSON.parse(readFileSync(path, 'utf8')))['ServerAddresses'])
  } catch {
    // Missing on servers, and written anew by K3s when it is damaged.
    return []
  }
}

/** @param address `10.0.0.1:6443`, `[fd00::1]:6443`, a URL, or a host alone; undefined for what is none of these */
export function placeOf(address: string): ApiPlace | undefined {
  const text = address.includes('://') ? address : `https://${address}`
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port } = new URL(text)
  if (protocol !== 'https:' || hostname === '') return undefined
  // A URL without a port has the one of HTTPS; a bare address that of K3s.
  const usual = address.includes('://') ? 443 : 6443
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) }
}

/** Those of other machines, each once, in their order. */
export function placesElsewhere(addresses: readonly string[], own = ownAddresses()): readonly ApiPlace[] {
  const places = addresses.map(placeOf).filter((place) => place !== undefined)
  const unique = new Map(places.map((place) => [`${place.host} ${place.port}`, place]))
  return [...unique.values()].filter(({ host }) => !own.has(host))
}

function ownAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)))
}

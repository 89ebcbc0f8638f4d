import { familyOf, formatCidr, parseCidr } from '../../domain/cidr.ts'
import type { Result } from '../../domain/result.ts'
import type { FlannelBackend, FlannelConf } from './flannel-conf.ts'
import { vxlanPort, vxlanVni, wireguardPort, wireguardPortV6 } from './flannel-conf.ts'
import { backendKeys, type ConfKey, type ConfKeyType, isCompiledBackend, topLevelKeys } from './flannel-conf-keys.ts'

/** Why flannel cannot decode a file. Never quotes the file: it may hold a pre-shared key. */
export interface FlannelConfProblem {
  /** What follows "the file": `is no JSON at line 3, column 12`, `has no boolean in Backend.GBP`. */
  readonly what: string
}

/**
 * A flannel-conf file as flannel decodes it: JSON without comments or missing commas, keys in any capitals (of two that
 * differ in capitals only the last one counts), `null` as if it were not written, unknown keys passed over.
 * @returns every value that flannel cannot decode; one of them is enough for K3s to stop
 * @see flannel-io/flannel pkg/subnet/config.go, pkg/backend; Go's encoding/json
 */
export function readFlannelConf(text: string): Result<FlannelConf, readonly FlannelConfProblem[]> {
  const json = parseJson(text)
  if (!json.ok) return { ok: false, error: [json.error] }
  if (!isObject(json.value)) return { ok: false, error: [{ what: 'holds no JSON object' }] }
  const problems: FlannelConfProblem[] = []
  const top = new Fields(json.value, topLevelKeys, '', problems)
  const network = top.cidr('Network')
  const ipv6Network = top.cidr('IPv6Network')
  const conf = {
    ...(network === undefined ? {} : { network }),
    ...(ipv6Network === undefined ? {} : { ipv6Network }),
    enableIPv4: top.boolean('EnableIPv4') ?? true,
    enableIPv6: top.boolean('EnableIPv6') ?? false,
  }
  const written = top.value('Backend')
  const { backend, unused } = readBackend(isObject(written) ? written : undefined, problems)
  if (problems.length > 0) return { ok: false, error: problems }
  return { ok: true, value: { ...conf, backend, unusedKeys: [...top.unused(), ...unused] } }
}

function readBackend(
  value: Readonly<Record<string, unknown>> | undefined,
  problems: FlannelConfProblem[],
): { readonly backend: FlannelBackend; readonly unused: readonly string[] } {
  if (value === undefined) return { backend: { type: 'unknown', name: 'udp' }, unused: [] }
  const name = new Fields(value, [typeKey], 'Backend.', problems).string('Type') ?? ''
  const type = name.toLowerCase()
  if (!isCompiledBackend(type)) return { backend: { type: 'unknown', name }, unused: [] }
  const fields = new Fields(value, [typeKey, ...backendKeys[type]], 'Backend.', problems)
  const mtuBytes = fields.integer('MTU')
  const mtu = mtuBytes === undefined ? {} : { mtuBytes }
  const backends = {
    vxlan: () => ({
      type: 'vxlan' as const,
      vni: fields.integer('VNI') ?? vxlanVni,
      // The kernel takes its own port for 0.
      port: fields.integer('Port') || vxlanPort,
      ...mtu,
      gbp: fields.boolean('GBP') ?? false,
      learning: fields.boolean('Learning') ?? false,
      directRouting: fields.boolean('DirectRouting') ?? false,
    }),
    'host-gw': () => ({ type: 'host-gw' as const }),
    wireguard: () => ({
      type: 'wireguard' as const,
      listenPort: fields.integer('ListenPort') ?? wireguardPort,
      listenPortV6: fields.integer('ListenPortV6') ?? wireguardPortV6,
      mode: fields.string('Mode') ?? 'separate',
      ...mtu,
      persistentKeepaliveSeconds: fields.integer('PersistentKeepaliveInterval') ?? 0,
    }),
    ipsec: () => ({
      type: 'ipsec' as const,
      udpEncap: fields.boolean('UDPEncap') ?? false,
      pskBytes: utf8Bytes(fields.string('PSK') ?? ''),
    }),
    extension: () => ({ type: 'extension' as const }),
  }
  return { backend: backends[type](), unused: fields.unused() }
}

const typeKey: ConfKey = { name: 'Type', type: 'string' }

/** The values of one JSON object by the names that flannel has for them. */
class Fields {
  readonly #values = new Map<string, unknown>()
  readonly #unused: string[] = []

  constructor(
    object: Readonly<Record<string, unknown>>,
    keys: readonly ConfKey[],
    path: string,
    problems: FlannelConfProblem[],
  ) {
    for (const [written, value] of Object.entries(object)) {
      const key = keys.find((one) => one.name.toLowerCase() === written.toLowerCase())
      if (key === undefined || key.unused !== undefined) this.#unused.push(`${path}${key?.name ?? written}`)
      if (key === undefined || value === null) continue
      if (isOfType(value, key.type)) this.#values.set(key.name, value)
      else problems.push({ what: `has ${typeNames[key.type]} in ${path}${key.name}` })
    }
  }

  value(name: string): unknown {
    return this.#values.get(name)
  }

  boolean(name: string): boolean | undefined {
    const value = this.#values.get(name)
    return typeof value === 'boolean' ? value : undefined
  }

  integer(name: string): number | undefined {
    const value = this.#values.get(name)
    return typeof value === 'number' ? value : undefined
  }

  string(name: string): string | undefined {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : undefined
  }

  cidr(name: string): string | undefined {
    const cidr = parseCidr(this.string(name) ?? '')
    return cidr === undefined ? undefined : formatCidr(cidr)
  }

  unused(): readonly string[] {
    return this.#unused
  }
}

function isOfType(value: unknown, type: ConfKeyType): boolean {
  if (type === 'any') return true
  if (type === 'object') return isObject(value)
  if (type === 'integer') return Number.isSafeInteger(value)
  if (type === 'boolean' || type === 'string') return typeof value === type
  if (typeof value !== 'string') return false
  return parseCidr(value) !== undefined && familyOf(value) === (type === 'ipv4-cidr' ? 4 : 6)
}

const typeNames: Readonly<Record<ConfKeyType, string>> = {
  boolean: 'no true or false',
  integer: 'no whole number',
  string: 'no text',
  'ipv4-cidr': 'no IPv4 range',
  'ipv6-cidr': 'no IPv6 range',
  object: 'no object',
  any: 'no value',
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Go counts bytes, not characters. */
function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length
}

function parseJson(text: string): Result<unknown, FlannelConfProblem> {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined
    // V8 names no position where the text ends too early.
    const lines = text.slice(0, position === undefined ? text.length : Number(position)).split('\n')
    const column = (lines.at(-1)?.length ?? 0) + 1
    return { ok: false, error: { what: `is no JSON at line ${lines.length}, column ${column}` } }
  }
}

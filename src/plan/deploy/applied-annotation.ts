import { asRecord, isRecord, type Json } from '../../domain/plain-json.ts'
import { sortedKeys } from '../../text/sorted-keys.ts'
import type { DeployRules } from './deploy-rules.ts'
import { appliedAnnotation, withAnnotation } from './object-marks.ts'

/** gzip, given in from outside: deciding needs no compression of its own. */
export interface AppliedCodec {
  compress(text: string): Uint8Array
  /** @throws for what is not gzip */
  decompress(bytes: Uint8Array): string
}

const smallestCompressed = 1024

/**
 * The object as it is sent: with `objectset.rio.cattle.io/applied`, which holds what it looked like without it.
 * @see rancher/wrangler pkg/apply/desiredset_compare.go (`prepareObjectForCreate`); k3s-packaged-components §2.6
 */
export function withApplied(
  object: Json,
  rules: DeployRules,
  codec: AppliedCodec,
  text = appliedText(object, rules),
): Json {
  const isPlain = !rules.cutsApplied && Buffer.byteLength(text) < smallestCompressed
  return withAnnotation(object, appliedAnnotation, isPlain ? text : unpadded(codec.compress(text)))
}

/** What an object is remembered as, before it is compressed: JSON with sorted keys. */
export function appliedText(object: Json, rules: DeployRules): string {
  return JSON.stringify(sortedKeys(rules.cutsApplied ? cutTexts(object, false) : object))
}

/**
 * What was applied last, from the live object. `{}` where the annotation is missing, and where it cannot be read: then
 * nothing is taken back that an earlier content had set.
 */
export function lastApplied(live: Json, codec: AppliedCodec): Json {
  const value = asRecord(asRecord(live['metadata'])['annotations'])[appliedAnnotation]
  if (typeof value !== 'string' || value === '') return {}
  try {
    return asRecord(JSON.parse(value.startsWith('{') ? value : codec.decompress(Buffer.from(value, 'base64'))))
  } catch {
    return {}
  }
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}

const longestTextBytes = 64

/** Kept whole where they stand in an item of a list: they tell the items apart. */
const keysOfItems: ReadonlySet<string> = new Set([
  'apiVersion',
  'containerPort',
  'devicePath',
  'ip',
  'kind',
  'mountPath',
  'name',
  'port',
  'topologyKey',
  'type',
])

function cutTexts(object: Json, isItem: boolean): Json {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      if (typeof value === 'string') return [key, isItem && keysOfItems.has(key) ? value : cut(value)]
      return [key, cutBelow(value)]
    }),
  )
}

/** Texts that are items of a list themselves stay as they are. */
function cutBelow(value: unknown): unknown {
  if (isRecord(value)) return cutTexts(value, false)
  return Array.isArray(value) ? value.map((item) => (isRecord(item) ? cutTexts(item, true) : item)) : value
}

function cut(text: string): string {
  const bytes = Buffer.from(text)
  return bytes.length <= longestTextBytes ? text : bytes.subarray(0, longestTextBytes).toString('utf8')
}

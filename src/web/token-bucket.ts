/** `burst` at once, then `perSecond`. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

/** What a caller has left, as of `atMs`. */
interface Bucket {
  tokens: number
  atMs: number
}

/** As many callers are remembered; the one not seen for longest is forgotten first. */
const maxKeys = 4096

/** One token bucket for each key, in bounded memory. */
export class RateLimiter {
  readonly #rate: Rate
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Takes one token; false when there is none. */
  take(key: string, nowMs: number): boolean {
    const bucket = this.#bucket(key, nowMs)
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }

  /** Whole seconds until there is a token, at least 1 when there is none now; 0 when there is one. */
  waitSeconds(key: string, nowMs: number): number {
    const missing = 1 - this.#bucket(key, nowMs).tokens
    return missing <= 0 ? 0 : Math.max(1, Math.ceil(missing / this.#rate.perSecond))
  }

  #bucket(key: string, nowMs: number): Bucket {
    const known = this.#buckets.get(key)
    this.#buckets.delete(key)
    const bucket = known ?? { tokens: this.#rate.burst, atMs: nowMs }
    const passedSeconds = Math.max(0, nowMs - bucket.atMs) / 1000
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + passedSeconds * this.#rate.perSecond)
    bucket.atMs = nowMs
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > maxKeys) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    return bucket
  }
}

/** An IPv4 address, or the /64 of an IPv6 one: whoever has one address there has all of them. */
export function callerKey(remoteAddress: string | undefined): string {
  const address = (remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const leading = head === '' ? [] : head.split(':')
  const trailing = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - leading.length - trailing.length)
  return [...leading, ...Array<string>(zeros).fill('0'), ...trailing].slice(0, 4).join(':')
}

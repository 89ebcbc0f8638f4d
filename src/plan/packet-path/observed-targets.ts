import { parseAddress } from '../../domain/cidr.ts'
import type { Effect } from './compiled-rule.ts'
import type { ObservedTarget } from './observed-words.ts'

/** What a rule does whose tests all hold. Targets that nobody here knows may do anything. */
export function targetEffect(target: ObservedTarget, chains: ReadonlySet<string>): Effect {
  const { name } = target
  if (name === undefined) return { kind: 'continue', what: 'no target' }
  if (chains.has(name)) return { kind: target.isGoto ? 'goto' : 'jump', chain: name }
  if (passingTargets.includes(name)) return { kind: 'continue', what: name }
  return targets[name]?.(target) ?? { kind: 'unknown', what: name }
}

/** They change nothing that a later rule or the routing asks for. */
const passingTargets: readonly string[] = [
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
  'CONNSECMARK',
  'DSCP',
  'ECN',
  'HL',
  'IDLETIMER',
  'LED',
  'LOG',
  'NFLOG',
  'RATEEST',
  'SECMARK',
  'SET',
  'TCPMSS',
  'TCPOPTSTRIP',
  'TEE',
  'TOS',
  'TRACE',
  'TTL',
  'ULOG',
]

const targets: Readonly<Record<string, (target: ObservedTarget) => Effect | undefined>> = {
  ACCEPT: () => ({ kind: 'accept' }),
  DROP: () => ({ kind: 'drop' }),
  REJECT: () => ({ kind: 'reject' }),
  RETURN: () => ({ kind: 'return' }),
  NOTRACK: () => ({ kind: 'notrack' }),
  CT: ({ options }) => (options.has('--notrack') ? { kind: 'notrack' } : { kind: 'continue', what: 'CT' }),
  MARK: (target) => markEffect(target, 'mark'),
  CONNMARK: connectionMarkEffect,
  DNAT: destinationEffect,
  REDIRECT: ({ options }) => {
    const port = firstNumber(options.get('--to-ports')?.[0])
    return { kind: 'redirect', ...(port === undefined ? {} : { port }) }
  },
  SNAT: ({ options }) => {
    const address = endpoint(options.get('--to-source')?.[0])?.address
    return { kind: 'translateSource', ...(address === undefined ? {} : { address }) }
  },
  MASQUERADE: () => ({ kind: 'translateSource' }),
}

/** All five ways to say it, as `(mark & ~mask) ^ value`. */
function markEffect({ options }: ObservedTarget, kind: 'mark' | 'connectionMark'): Effect | undefined {
  for (const [name, [text = '']] of options) {
    const [value = 0, mask = 0xffff_ffff] = text.split('/').map(Number)
    if (name === '--set-xmark') return { kind, value, mask }
    if (name === '--set-mark') return { kind, value, mask: value | mask }
    if (name === '--or-mark') return { kind, value, mask: value }
    if (name === '--xor-mark') return { kind, value, mask: 0 }
    if (name === '--and-mark') return { kind, value: 0, mask: ~value }
  }
  return undefined
}

function connectionMarkEffect(target: ObservedTarget): Effect | undefined {
  const { options } = target
  const mask = Number(options.get('--mask')?.[0] ?? options.get('--nfmask')?.[0] ?? 0xffff_ffff)
  if (options.has('--save-mark')) return { kind: 'saveMark', mask }
  if (options.has('--restore-mark')) return { kind: 'restoreMark', mask }
  return markEffect(target, 'connectionMark')
}

/** `--persistent` or a missing address keep what they do not name. */
function destinationEffect({ options }: ObservedTarget): Effect | undefined {
  const text = options.get('--to-destination')?.[0]
  // A DNAT without a destination of its own changes ports at most: kube-proxy writes it while an endpoint is empty.
  const to = text === undefined ? {} : endpoint(text)
  return to && { kind: 'translateDestination', ...to, isFirstOfSeveral: text?.includes('-') === true }
}

/** `10.42.1.7:8080`, `[fd42::7]:8080`, `10.0.0.1-10.0.0.9`, `:8080`. */
function endpoint(text: string | undefined): { address?: bigint; port?: bigint } | undefined {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text ?? '')
  const isBare6 = bracketed === null && (text?.split(':').length ?? 0) > 2
  const [addressText = '', portText] = bracketed?.slice(1) ?? (isBare6 ? [text ?? ''] : (text ?? '').split(':'))
  const address = parseAddress(addressText.split('-')[0] ?? '')?.value
  const port = firstNumber(portText)
  if (address === undefined && port === undefined) return undefined
  return { ...(address === undefined ? {} : { address }), ...(port === undefined ? {} : { port }) }
}

function firstNumber(text: string | undefined): bigint | undefined {
  const digits = /^\d+/.exec(text ?? '')?.[0]
  return digits === undefined ? undefined : BigInt(digits)
}

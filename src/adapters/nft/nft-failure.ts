import { Failure, type Retry } from '../../domain/failure.ts'
import type { FilterRule, RuleOrigin } from '../../domain/packet-filter.ts'
import type { CommandResult } from '../../ports/command-port.ts'

const place = 'table inet fairlead'

/** What nft said, and the line of its input that it said it about. */
export interface NftComplaint {
  readonly words: string
  /** From 1; absent when it named none. */
  readonly line?: number
}

/** `/dev/stdin:10:3-26: Error: Could not process rule: Operation not supported`, as nft 1.0 and later print it. */
export function readComplaint(stderr: string): NftComplaint {
  const found = /^[^\n:]*:(\d+):\d+-\d+: Error: (.*)$/m.exec(stderr)
  if (found?.[1] !== undefined && found[2] !== undefined) return { words: found[2], line: Number(found[1]) }
  const plain = /^(?:netlink: )?Error: (.*)$/m.exec(stderr)?.[1]
  return { words: plain ?? stderr.trim().split('\n')[0] ?? 'no word of why' }
}

export function rejectedRule({ origin, id }: Pick<FilterRule, 'origin' | 'id'>, words: string): Failure {
  return new Failure(`${describeOrigin(origin)} is refused by this kernel: ${words}`, {
    code: 'FILTER_REJECTED',
    where: origin.kind === 'document' ? `${origin.file} ${origin.path}` : `failsafe ${origin.name} (rule ${id})`,
    fix: 'change or remove this rule, or use a kernel and an nft that know what it asks for',
    retry: 'when-changed',
  })
}

/** When nft failed, and no rule is to blame. */
export function nftFailure(result: CommandResult, doing: string): Failure {
  const { words } = readComplaint(result.stderr)
  // A table that another process owns says so of one rule; that is no lack of rights.
  const notPermitted = /you must be root|(?:initialization|unshare) failed: Operation not permitted/.test(result.stderr)
  if (result.failed === 'not-found' || result.failed === 'not-started') {
    return unsupported('nft or unshare cannot be started', 'install nftables and util-linux')
  }
  if (notPermitted)
    return unsupported('nft may not change this node', 'run as root, or with CAP_NET_ADMIN and CAP_SYS_ADMIN')
  const reason = result.failed === 'timeout' ? `no answer within ${Math.round(result.tookMs)} ms` : words
  return failure(`${doing} failed: ${reason}`, 'FILTER_FAILED', 'look at the kernel log; it is tried again', 'soon')
}

export function unsupported(reason: string, fix: string): Failure {
  return failure(`the nft plane cannot be used here: ${reason}`, 'FILTER_UNSUPPORTED', fix, 'when-changed')
}

export function notReversible(words: string): Failure {
  return failure(
    `the table that is loaded cannot be put back from its own listing, so there is no way back from a change: ${words}`,
    'FILTER_FAILED',
    'write the program that is wanted without a trial, or remove what somebody else added to the table',
    'when-changed',
  )
}

function failure(message: string, code: string, fix: string, retry: Retry): Failure {
  return new Failure(message, { code, where: place, fix, retry })
}

function describeOrigin(origin: RuleOrigin): string {
  return origin.kind === 'document' ? `rule ${origin.name}` : `failsafe ${origin.name}`
}

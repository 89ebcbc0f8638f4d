import { Failure, type Retry } from '../../domain/failure.ts'

type CheckpointCode =
  | 'CHECKPOINT_BUSY'
  | 'CHECKPOINT_FAILED'
  | 'CHECKPOINT_UNARMED'
  | 'CHECKPOINT_ENDED'
  | 'CHECKPOINT_UNKNOWN'

const fixes: Readonly<Record<CheckpointCode, { readonly fix: string; readonly retry: Retry }>> = {
  CHECKPOINT_BUSY: { fix: 'wait for it, or end it with fairlead confirm or fairlead rollback', retry: 'soon' },
  CHECKPOINT_FAILED: { fix: 'free space or repair the disk that holds the state directory; see dmesg', retry: 'soon' },
  CHECKPOINT_UNARMED: { fix: 'see why programs cannot be started (ulimit -u, systemctl status)', retry: 'soon' },
  CHECKPOINT_ENDED: {
    fix: 'the change is taken back once more, and tried again by the rules for failed changes',
    retry: 'soon',
  },
  CHECKPOINT_UNKNOWN: { fix: 'fairlead status names the one that is open', retry: 'never' },
}

export function checkpointFailure(
  code: CheckpointCode,
  message: string,
  where: string,
  options: { readonly cause?: unknown; readonly fix?: string } = {},
): Failure {
  const { fix, retry } = fixes[code]
  return new Failure(message, { code, where, fix: options.fix ?? fix, retry }, { cause: options.cause })
}

/** What the disk refused, as CHECKPOINT_FAILED. */
export function refusedByDisk(cause: unknown, doing: string, where: string): Failure {
  if (cause instanceof Failure) return cause
  const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  return checkpointFailure('CHECKPOINT_FAILED', `could not ${doing} ${where}: ${why}`, where, { cause })
}

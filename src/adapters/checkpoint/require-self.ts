import { type ProcessIdentity, processIdentity } from './boot-clock.ts'
import { checkpointFailure } from './checkpoint-failure.ts'

/** @throws Failure CHECKPOINT_UNARMED where there is no /proc: who armed a change could not be told afterwards */
export function requireSelf(): ProcessIdentity {
  const self = processIdentity(process.pid)
  if (self !== undefined) return { pid: self.pid, startTicks: self.startTicks }
  throw checkpointFailure('CHECKPOINT_UNARMED', '/proc does not show this process', '/proc', {
    fix: 'mount /proc; checkpoints need Linux',
  })
}

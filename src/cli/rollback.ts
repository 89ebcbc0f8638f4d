import { exitCode } from '../domain/exit-code.ts'
import { rollbackReasons } from '../domain/rollback-reason.ts'
import type { Command } from './command.ts'
import { describeChange, lastChange, otherThanNamed } from './open-change.ts'
import { printable } from './printable.ts'

/**
 * Takes the network change that waits on this machine back, now. The same revision is not tried again by itself. Ends with
 * 0 when it is taken back, also when it was already; with 1 when there is none, or it was confirmed: then the way back is
 * another revision.
 */
export const rollbackCommand: Command = async (call) => {
  const { out, err, userName } = call.terminal
  const { checkpoints, change } = await lastChange(call)
  const refusal =
    change === undefined
      ? 'no change waits for a confirmation'
      : (otherThanNamed(change, call.words) ??
        (change.phase === 'confirmed' ? `change ${change.id} is confirmed and in force` : undefined))
  if (change === undefined || refusal !== undefined) {
    err.write(`fairlead: ${refusal}\n  fix  revert the revision in the repository, or run fairlead panic\n`)
    return exitCode.failed
  }
  if (change.phase === 'rolled-back') {
    const why = change.reason === undefined ? '' : `, because ${printable(change.reason)}`
    out.write(`taken back already${why}: ${describeChange(change)}`)
    return exitCode.done
  }
  const said = typeof call.options['reason'] === 'string' ? `: ${call.options['reason']}` : ''
  if (!(await checkpoints.rollBack(change.id, `${rollbackReasons.asked} by ${userName}${said}`))) {
    err.write(`fairlead: change ${change.id} was confirmed a moment ago\n`)
    return exitCode.failed
  }
  out.write(`taken back: ${describeChange(change)}`)
  out.write('this revision is not tried again by itself\n')
  return exitCode.done
}

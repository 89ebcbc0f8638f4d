import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { Checkpoint } from '../ports/checkpoint-port.ts'
import type { Command, Terminal } from './command.ts'
import { describeChange, lastChange, otherThanNamed } from './open-change.ts'
import { printable } from './printable.ts'

/**
 * Keeps the network change that waits on this machine. Who confirms over the network does so by a new connection, and so
 * has shown that one gets through. Ends with 0 when the change is in force for good, also when it was already; with 1
 * when there is none, or it was taken back.
 */
export const confirmCommand: Command = async (call) => {
  const { terminal } = call
  const { checkpoints, change } = await lastChange(call)
  if (change === undefined) return refuse(terminal, 'no change waits for a confirmation')
  const other = otherThanNamed(change, call.words)
  if (other !== undefined) return refuse(terminal, other)
  switch (change.phase) {
    case 'confirmed':
      terminal.out.write(`confirmed already: ${describeChange(change)}`)
      return exitCode.done
    case 'rolling-back':
    case 'rolled-back':
      return takenBack(terminal, change)
    case 'prepared':
    case 'armed':
    case 'applying':
      return refuse(terminal, `change ${change.id} is still being written; ask again in a moment`)
    case 'probing':
  }
  if (!(await checkpoints.confirm(change.id))) {
    return takenBack(terminal, (await checkpoints.current()) ?? change)
  }
  terminal.out.write(`confirmed: ${describeChange(change)}`)
  return exitCode.done
}

function takenBack(terminal: Pick<Terminal, 'err'>, { id, reason }: Checkpoint): ExitCode {
  const why = reason === undefined ? '' : `: ${printable(reason)}`
  return refuse(terminal, `change ${id} was taken back${why}`)
}

function refuse({ err }: Pick<Terminal, 'err'>, what: string): ExitCode {
  err.write(`fairlead: ${what}\n`)
  return exitCode.failed
}

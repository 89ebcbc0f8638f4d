import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import type { Terminal } from './command.ts'
import { printable } from './printable.ts'

/** Says who suspended this machine and why; undefined when nobody did. */
export async function refuseSuspended(
  state: Pick<NodeStatePort, 'readSuspension'>,
  { err }: Pick<Terminal, 'err'>,
): Promise<ExitCode | undefined> {
  const suspension = await state.readSuspension()
  if (suspension === undefined) return undefined
  const reason = suspension.reason === '' ? '' : `: ${printable(suspension.reason)}`
  err.write(`fairlead: suspended by ${printable(suspension.by)} since ${printable(suspension.since)}${reason}\n`)
  err.write('  fix  fairlead resume\n')
  return exitCode.failed
}

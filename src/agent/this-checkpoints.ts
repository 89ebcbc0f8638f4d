import { openCheckpoints } from '../adapters/checkpoint/node-checkpoints.ts'
import { openCommands } from '../adapters/command/node-command.ts'
import type { CheckpointPort } from '../ports/checkpoint-port.ts'

/**
 * The checkpoints of the machine whose state is in `stateDirectory`.
 * @param emergency path of `bin/fairlead-panic`; needed by those that arm, not by those that look
 */
export function openMachineCheckpoints(stateDirectory: string, emergency?: string): CheckpointPort {
  return openCheckpoints({
    directory: `${stateDirectory}/checkpoint`,
    commands: openCommands(),
    ...(emergency === undefined ? {} : { emergency }),
  })
}

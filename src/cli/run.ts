import { openLog } from '../adapters/log/pino-log.ts'
import { runMachine } from '../agent/run-machine.ts'
import { nodeName, openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { panicScript } from './package-files.ts'

/** `fairlead run`: one machine, until interrupted. */
export const runCommand: Command = async ({ settings, terminal, version }) => {
  const log = await openLog({ level: settings.logLevel, format: settings.logFormat })
  await runMachine({
    settings,
    machine: openMachine(settings, terminal, log),
    node: nodeName(settings, terminal),
    version,
    panicScript: panicScript(),
    interrupted: terminal.interrupted,
    onListening: (listener) => log.info({ url: listener.url }, 'status page'),
  })
  return exitCode.done
}

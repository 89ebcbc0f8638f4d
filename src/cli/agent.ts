import { openLog } from '../adapters/log/pino-log.ts'
import { runAsKubelet } from '../agent/run-as-kubelet.ts'
import { type MachineOptions, runMachine } from '../agent/run-machine.ts'
import { nodeName, openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import { uninstallAgent } from './agent-uninstall.ts'
import type { Command } from './command.ts'
import { panicScript } from './package-files.ts'
import { printable } from './printable.ts'

/** `fairlead agent`: one machine as its NodeProgram says, until interrupted. A clean stop leaves everything in force. */
export const agentCommand: Command = async (call) => {
  const { settings, terminal, version, words } = call
  const [word] = words
  if (word === 'uninstall') return uninstallAgent(call)
  if (word !== undefined) {
    terminal.err.write(`fairlead: agent: ${printable(JSON.stringify(word))} is not known; there is only uninstall\n`)
    return exitCode.badUsage
  }
  const log = await openLog({ level: settings.logLevel, format: settings.logFormat })
  const machine = openMachine(settings, terminal, log)
  const options: Omit<MachineOptions, 'node' | 'program'> = {
    settings,
    machine,
    version,
    panicScript: panicScript(),
    interrupted: terminal.interrupted,
    onListening: (listener) => log.info({ url: listener.url }, 'status page'),
  }
  if (settings.source === 'api') await runAsKubelet(options, terminal)
  else {
    const path = settings.programFile ?? `${machine.stateDirectory}/program.json`
    await runMachine({ ...options, node: nodeName(settings, terminal), program: { source: 'file', path } })
  }
  return exitCode.done
}

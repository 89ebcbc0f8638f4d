import { resolve } from 'node:path'
import { systemClock } from '../adapters/clock/system-clock.ts'
import { openCommands } from '../adapters/command/node-command.ts'
import { openHostPrograms } from '../adapters/host-install/host-programs.ts'
import { openHostServices } from '../adapters/host-install/host-services.ts'
import { openLog } from '../adapters/log/pino-log.ts'
import { exitCode } from '../domain/exit-code.ts'
import { keepHostAgent } from '../reconcile/host-agent/keep-host-agent.ts'
import { removeHostAgent } from '../reconcile/host-agent/remove-host-agent.ts'
import type { Command } from './command.ts'
import { packageDirectory } from './package-files.ts'
import { printable } from './printable.ts'

/** What a pod of the DaemonSet does, once: the agent of its own release becomes the agent of its host, or goes. */
export const hostAgentCommand: Command = async ({ settings, terminal, version, words: [word] }) => {
  if (word !== 'keep' && word !== 'remove') {
    terminal.err.write(`fairlead: host-agent: ${printable(JSON.stringify(word))} is neither keep nor remove\n`)
    return exitCode.badUsage
  }
  const root = resolve(terminal.workingDirectory, settings.root)
  const log = await openLog({ level: settings.logLevel, format: settings.logFormat })
  const ports = {
    programs: openHostPrograms({ root, source: packageDirectory(), version }),
    services: await openHostServices(root, openCommands()),
    clock: systemClock(),
    log,
  }
  if (word === 'keep') {
    const outcome = await keepHostAgent(ports, terminal.interrupted)
    terminal.out.write(`agent ${outcome}: ${printable(ports.programs.current() ?? '')}\n`)
  } else {
    const wasThere = await removeHostAgent(ports, terminal.interrupted)
    terminal.out.write(wasThere ? 'agent removed; /var/lib/fairlead stays\n' : 'there was no agent\n')
  }
  return exitCode.done
}

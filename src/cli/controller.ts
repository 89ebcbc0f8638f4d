import { resolve } from 'node:path'
import { openLog } from '../adapters/log/pino-log.ts'
import { gitOptions } from '../agent/git-options.ts'
import { listenAddress } from '../agent/listen-address.ts'
import { runController } from '../controller/run-controller.ts'
import { exitCode } from '../domain/exit-code.ts'
import { fairleadPaths } from '../k3s/locations.ts'
import type { Command } from './command.ts'

/** `fairlead controller`: until interrupted. An agent on the same host has its state beside it, and not in it. */
export const controllerCommand: Command = async ({ settings, terminal, version }) => {
  const log = await openLog({ level: settings.logLevel, format: settings.logFormat })
  const root = resolve(terminal.workingDirectory, settings.root)
  const stateDirectory = `${root === '/' ? '' : root}${fairleadPaths.state}/controller`
  const address = listenAddress(settings.listen)
  await runController({
    settings,
    repository: gitOptions(settings, undefined, stateDirectory, log),
    ...(address === undefined ? {} : { address }),
    identity: settings.node ?? terminal.hostName,
    version,
    log,
    interrupted: terminal.interrupted,
    onListening: (listener) => log.info({ url: listener.url }, 'listening'),
  })
  return exitCode.done
}

import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createRepository } from '../adapters/git-server/create-repository.ts'
import { serveRepository } from '../adapters/git-server/serve-repository.ts'
import { openLog } from '../adapters/log/pino-log.ts'
import { runMachine } from '../agent/run-machine.ts'
import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { Listener } from '../web/http-listener.ts'
import { colours } from './colour.ts'
import type { Command, Terminal } from './command.ts'
import { readTemplate } from './package-files.ts'

const cluster = 'home'
const repository = 'fairlead'
const node = 'demo'

/** `fairlead demo`: repository, machine and page in one folder. A second start goes on with what is there. */
export const demoCommand: Command = async ({ settings, options, terminal, version }) => {
  if (settings.listen === 'off') {
    terminal.err.write('fairlead: --listen off: the demo serves its repository there; use fairlead run without one\n')
    return exitCode.badUsage
  }
  const directory = resolve(terminal.workingDirectory, String(options['dir'] ?? 'fairlead-demo'))
  const [root, bare] = [join(directory, 'root'), join(directory, `${repository}.git`)]
  const isNewTree = !existsSync(root)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  const log = await openLog({ level: settings.logLevel, format: settings.logFormat })
  const isNew = await createRepository(bare, readTemplate())
  terminal.err.write(`${isNew ? 'Made' : 'Going on with'} ${directory}\n`)
  await runMachine({
    settings: { ...settings, node, cluster, engine: 'builtin', role: 'server' },
    machine: openMachine({ ...settings, root }, terminal, log),
    node,
    version,
    interrupted: terminal.interrupted,
    embedded: {
      routes: (trigger) => {
        const server = serveRepository({ directory: bare, name: repository, onPushed: () => trigger('push'), log })
        return (['GET', 'POST'] as const).map((method) => ({
          method,
          path: server.path,
          access: 'token' as const,
          handle: server.handle,
        }))
      },
      repositoryUrl,
      adoptFor: isNewTree ? cluster : undefined,
    },
    onListening: (listener) => terminal.out.write(welcome(listener, root, settings.listen, terminal)),
  })
  return exitCode.done
}

function repositoryUrl(listener: Listener): string {
  return `${listener.url}/${repository}.git`
}

function welcome(listener: Listener, root: string, wanted: string, terminal: Terminal): string {
  const { bold, dim } = colours(terminal.colour)
  const manifests = `${root}${k3sPaths.manifests}`
  const taken = listener.fellBack ? `${wanted} is taken by another program, so another port is used.\n` : ''
  return `
${taken}${bold('Status page')}   ${listener.url}/
${bold('Repository')}    ${repositoryUrl(listener)}

${bold('Three things to try')}, in another terminal:

  1. Change the network with git
     ${dim('$')} git clone ${repositoryUrl(listener)} my-network && cd my-network
     ${dim('$')} sed -i 's/exposedPort: 80\\>/exposedPort: 8080/' clusters/${cluster}/network.yaml
     ${dim('$')} git commit -am 'web on 8080' && git push
     ${dim('$')} cat ${manifests}/fairlead-traefik.yaml

  2. Edit a packaged file, and see it put back
     ${dim('$')} echo '# mine' >> ${manifests}/coredns.yaml
     ${dim('$')} tail -n 1 ${manifests}/coredns.yaml
     ${dim('$')} node bin/fairlead.cjs drift --root ${root}

  3. Drop a manifest K3s would trip over, and see it on the page
     ${dim('$')} echo 'kind: [' > ${manifests}/broken.yaml

Ctrl-C stops. Everything stays in place for the next start.
`
}

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createRepository } from '../adapters/git-server/create-repository.ts'
import { serveRepository } from '../adapters/git-server/serve-repository.ts'
import { openLog } from '../adapters/log/pino-log.ts'
import { runMachine } from '../agent/run-machine.ts'
import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import { Failure } from '../domain/failure.ts'
import { fairleadPaths, k3sPaths } from '../k3s/locations.ts'
import type { Listener } from '../web/http-listener.ts'
import { colours } from './colour.ts'
import type { Command, Terminal } from './command.ts'
import { fileFailure } from './file-failure.ts'
import { commandFile, readTemplate } from './package-files.ts'

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
  const log = await openLog({ level: settings.logLevel, format: settings.logFormat })
  const isNew = await createRepository(bare, readTemplate()).catch((cause: unknown) => {
    throw cause instanceof Failure ? cause : fileFailure(cause, 'write', bare)
  })
  if (!existsSync(root)) mkdirSync(root, { mode: 0o700 })
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
      adoptFor: holdsOnlyOurState(root) ? cluster : undefined,
    },
    onListening: (listener) => terminal.out.write(welcome(listener, root, settings.listen, terminal)),
  })
  return exitCode.done
}

/** Made by us and still empty: an earlier start may have failed between making the tree and adopting it. */
function holdsOnlyOurState(root: string): boolean {
  let directory = root
  for (const name of fairleadPaths.state.split('/').slice(1)) {
    const names = readdirSync(directory)
    if (names.length === 0) return true
    if (names.length > 1 || names[0] !== name) return false
    directory = join(directory, name)
  }
  return true
}

function repositoryUrl(listener: Listener): string {
  return `${listener.url}/${repository}.git`
}

function welcome(listener: Listener, root: string, wanted: string, terminal: Terminal): string {
  const { bold, dim } = colours(terminal.colour)
  const manifests = `${root}${k3sPaths.manifests}`
  const [traefik, coredns, broken] = ['fairlead-traefik', 'coredns', 'broken'].map((name) =>
    quoted(`${manifests}/${name}.yaml`),
  )
  const taken = listener.fellBack ? `${wanted} is taken by another program, so another port is used.\n` : ''
  return `
${taken}${bold('Status page')}   ${listener.url}/
${bold('Repository')}    ${repositoryUrl(listener)}

${bold('Three things to try')}, in another terminal:

  1. Change the network with git
     ${dim('$')} git clone ${repositoryUrl(listener)} my-network && cd my-network
     ${dim('$')} sed -i 's/exposedPort: 80\\>/exposedPort: 8080/' clusters/${cluster}/network.yaml
     ${dim('$')} git commit -am 'web on 8080' && git push && sleep 1
     ${dim('$')} cat ${traefik}

  2. Edit a packaged file, and see it put back
     ${dim('$')} echo '# mine' >> ${coredns}; sleep 1
     ${dim('$')} tail -n 1 ${coredns}
     ${dim('$')} ${quoted(commandFile())} drift --root ${quoted(root)}

  3. Drop a manifest K3s would trip over, and see it on the page
     ${dim('$')} echo 'kind: [' > ${broken}

Ctrl-C stops. Everything stays in place for the next start.
`
}

/** Ready to be pasted into a shell. */
function quoted(path: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

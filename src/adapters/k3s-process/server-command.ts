import { basename, dirname, resolve } from 'node:path'

/** K3s is one binary; the staged copy that runs the server is reached through a link named `k3s-server`. */
export function isK3sBinary(path: string): boolean {
  const name = basename(path)
  return name === 'k3s' || name === 'k3s-server'
}

/**
 * Whether these are the arguments of the server. A server that is up has overwritten them by the one text
 * `/usr/local/bin/k3s server`, to hide secrets from ps.
 * @see k3s-io/k3s pkg/cli/server/server.go (proctitle.SetProcTitle), cmd/k3s/main.go (stageAndRun)
 */
export function isServerCommand(args: readonly string[]): boolean {
  const [name = '', ...rest] = args
  if (/\/?k3s(-server)? server\s*$/.test(name)) return true
  return rest.find((arg) => !arg.startsWith('-')) === 'server'
}

/**
 * The data directory of a server, by the first of: its argument; its working directory, which K3s changes to
 * `<data-dir>/server` on start; the place its binary was unpacked to, `<data-dir>/data/<hash>/bin/k3s`. Undefined when
 * nothing tells, and K3s's default holds.
 */
export function dataDirectoryOf(process: {
  readonly args: readonly string[]
  readonly executable: string
  readonly workingDirectory: string | undefined
}): string | undefined {
  const { args, executable, workingDirectory } = process
  const argument = flagValue(args, ['--data-dir', '-data-dir', '-d'])
  if (argument !== undefined) return resolve(workingDirectory ?? '/', argument)
  if (workingDirectory !== undefined && basename(workingDirectory) === 'server') return dirname(workingDirectory)
  return /^(.+)\/data\/[0-9a-f]{64}\/bin\/[^/]+$/.exec(executable)?.[1]
}

function flagValue(args: readonly string[], names: readonly string[]): string | undefined {
  for (const [position, arg] of args.entries()) {
    if (names.includes(arg)) return args[position + 1]
    const name = names.find((each) => arg.startsWith(`${each}=`))
    if (name !== undefined) return arg.slice(name.length + 1)
  }
  return undefined
}

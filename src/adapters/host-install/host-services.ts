import { readdirSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { CommandPort } from '../../ports/command-port.ts'
import type { HostServicesPort } from '../../ports/host-agent-port.ts'
import { sweep, syncDirectory, textOf, writeDurably } from './durable.ts'
import { hostFailure } from './host-failure.ts'
import { hostPath, statOf } from './host-path.ts'
import { type InitSystem, initSystemOf, initSystems } from './init-systems.ts'
import { onDisk } from './on-disk.ts'

const startTimeoutMs = 60_000
/** Where programs of a host are, in the order of root's PATH; the last is where NixOS has its own. */
const programDirectories = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/run/current-system/sw/bin',
]

/**
 * The services of the host whose `/` is mounted at `root`, and whose first process is ours to join (`hostPID`).
 * @throws Failure HOST_INIT_UNKNOWN where neither systemd nor OpenRC runs, HOST_NSENTER_MISSING
 */
export async function openHostServices(root: string, commands: CommandPort): Promise<HostServicesPort> {
  const kind = initSystemOf(root)
  const nsenter = await commands.find('nsenter')
  if (nsenter === undefined) {
    throw hostFailure(
      'HOST_NSENTER_MISSING',
      'nsenter is not installed here',
      'nsenter',
      'run it in the image, which has it',
      {
        retry: 'never',
      },
    )
  }
  return hostServices(root, initSystems[kind], (argv, timeoutMs) =>
    commands.run([nsenter, '--target', '1', '--mount', '--uts', '--ipc', '--net', '--pid', '--', ...argv], {
      timeoutMs,
    }),
  )
}

type RunOnHost = (argv: readonly [string, ...string[]], timeoutMs: number) => ReturnType<CommandPort['run']>

function hostServices(root: string, init: InitSystem, runOnHost: RunOnHost): HostServicesPort {
  const absolute = (name: string): string => {
    const directory = programDirectories.find((path) => statOf(hostPath(root, `${path}/${name}`)) !== undefined)
    if (directory !== undefined) return `${directory}/${name}`
    throw hostFailure('HOST_PROGRAM_MISSING', `${name} is not installed on this host`, name, 'install it there')
  }
  const asked = async ([name, ...words]: readonly [string, ...string[]]): Promise<boolean> =>
    (await runOnHost([absolute(name), ...words], startTimeoutMs)).code === 0
  const must = async ([name, ...words]: readonly [string, ...string[]]): Promise<void> => {
    const { code, stderr, failed } = await runOnHost([absolute(name), ...words], startTimeoutMs)
    if (code === 0) return
    const why = failed ?? (lastLine(stderr) || `exit status ${code}`)
    const shown = [name, ...words].join(' ')
    throw hostFailure('HOST_SERVICE_REFUSED', `${shown}: ${why}`, shown, init.whereToLook)
  }
  return {
    kind: init.kind,
    isKeptByRun: async () =>
      statOf(hostPath(root, init.runEnabled)) !== undefined || (await asked(init.isActive(init.runService))),
    place(services) {
      const wanted = [...[...services].map(([name, text]) => init.file(name, text)), ...init.extras]
      for (const { path } of wanted) onDisk(() => sweep(dirname(hostPath(root, path))))
      const different = wanted.filter(({ path, text, isOnlyIfAbsent }) => {
        const there = textOf(hostPath(root, path))
        return there === undefined || (!isOnlyIfAbsent && there !== text)
      })
      for (const { path, text, mode } of different) onDisk(() => writeDurably(hostPath(root, path), text, mode))
      return different.length > 0
    },
    async enable() {
      for (const command of init.enable) await must(command)
    },
    isActive: () => asked(init.isActive(init.agentService)),
    restart: () => must(init.restart),
    async stop() {
      if (statOf(hostPath(root, init.agentFile)) !== undefined) await must(init.stop)
    },
    async remove() {
      if (statOf(hostPath(root, init.agentFile)) !== undefined) for (const command of init.disable) await must(command)
      for (const path of init.files) onDisk(() => removeFile(hostPath(root, path)))
      for (const path of init.directories) onDisk(() => removeIfEmpty(hostPath(root, path)))
      for (const command of init.reload) await must(command)
    },
    async run(argv, timeoutMs) {
      const { code, stdout, stderr, failed } = await runOnHost(argv, timeoutMs)
      return { ok: code === 0, said: failed ?? (lastLine(stderr) || lastLine(stdout)) }
    },
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? ''
}

function removeFile(path: string): void {
  if (statOf(path) === undefined) return
  rmSync(path, { recursive: true })
  syncDirectory(dirname(path))
}

function removeIfEmpty(directory: string): void {
  if (statOf(directory)?.isDirectory() === true && readdirSync(directory).length === 0) rmdirSync(directory)
}

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { openCommands } from '../../src/adapters/command/node-command.ts'
import type { CommandPort } from '../../src/ports/command-port.ts'

const exec = promisify(execFile)

/** One network namespace of the test's own, gone with `down`. */
export interface Namespace {
  readonly name: string
  /** Runs programs inside. */
  readonly commands: CommandPort
  /** Runs one program inside and returns what it printed; rejects when it fails. */
  run(argv: readonly string[], input?: string): Promise<string>
  down(): Promise<void>
}

/** Namespaces need root on Linux, and programs that work on them. @returns why there are none here */
export async function whyNoNamespaces(programs: readonly string[] = ['ip']): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'not Linux'
  if (process.getuid?.() !== 0) return 'not root'
  const commands = openCommands()
  for (const program of programs) if ((await commands.find(program)) === undefined) return `${program} is not installed`
  const name = `fl-probe-${randomBytes(3).toString('hex')}`
  try {
    await exec('ip', ['netns', 'add', name])
    await exec('ip', ['netns', 'delete', name])
    return undefined
  } catch {
    return 'network namespaces cannot be made here'
  }
}

export async function newNamespace(label = 'ns'): Promise<Namespace> {
  const name = `fl-${label}-${randomBytes(3).toString('hex')}`
  await exec('ip', ['netns', 'add', name])
  await exec('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  const commands = openCommands(['/usr/sbin/ip', 'netns', 'exec', name])
  return {
    name,
    commands,
    run: async (argv, input) => {
      const [program = '', ...args] = argv
      const result = await commands.run([program, ...args], input === undefined ? {} : { input })
      if (result.code !== 0) throw new Error(`${argv.join(' ')}: ${result.failed ?? result.code} ${result.stderr}`)
      return result.stdout
    },
    down: async () => {
      const { stdout } = await exec('ip', ['netns', 'pids', name])
      for (const pid of stdout.split('\n').filter(Boolean)) endProcess(Number(pid))
      await exec('ip', ['netns', 'delete', name])
    },
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
}

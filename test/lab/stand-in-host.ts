import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CommandPort, CommandResult } from '../../src/ports/command-port.ts'

/** The files of an installation, small; `agent` tells releases apart. */
export function writeInstallation(directory: string, agent: string): string {
  const files: Readonly<Record<string, string>> = {
    'bin/node': `node of ${agent}`,
    'bin/fairlead.cjs': `command of ${agent}`,
    'dist/main.js': `program of ${agent}`,
    'dist/compiled/cache': 'made by Node',
    'package.json': '{}',
    'deploy/systemd/fairlead-agent.service': `agent service of ${agent}\n`,
    'deploy/systemd/fairlead-boot.service': `boot service of ${agent}\n`,
    'deploy/openrc/fairlead-agent': `agent script of ${agent}\n`,
    'deploy/openrc/fairlead-boot': `boot script of ${agent}\n`,
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text, { mode: path.startsWith('bin/') ? 0o755 : 0o644 })
  }
  return directory
}

/**
 * A host below `root` with systemd or OpenRC, as far as commands of `nsenter` reach it. All that it knows is on disk, so
 * that it goes on after whoever called it was killed: a file below /proc is its running agent.
 */
export class StandInHost implements CommandPort {
  readonly root: string
  /** Without nsenter and its options. */
  readonly calls: string[] = []
  /** Releases whose agent ends at once, and those whose Node does not run here. */
  readonly falling = new Set<string>()
  readonly foreign = new Set<string>()
  /** Services beside ours that run. */
  readonly others = new Set<string>()

  constructor(root: string, init: 'systemd' | 'openrc' | 'none' = 'systemd') {
    this.root = root
    const there = { systemd: ['/run/systemd/system/', '/usr/bin/systemctl'], none: [] }
    const openrc = ['/run/openrc/softlevel', '/sbin/rc-service', '/sbin/rc-update']
    for (const path of ['/opt/', '/proc/', '/etc/', ...(init === 'openrc' ? openrc : there[init])]) {
      mkdirSync(join(root, path.endsWith('/') ? path : dirname(path)), { recursive: true })
      if (!path.endsWith('/')) writeFileSync(join(root, path), '')
    }
  }

  async find(name: string): Promise<string | undefined> {
    return name === 'nsenter' ? '/usr/bin/nsenter' : undefined
  }

  follow(): never {
    throw new Error('nothing is followed here')
  }

  async run(argv: readonly [string, ...string[]]): Promise<CommandResult> {
    const words = argv.slice(argv.indexOf('--') + 1)
    this.calls.push(words.join(' '))
    const [code, said] = this.#answer(words)
    return { code, stdout: '', stderr: said, tookMs: 0 }
  }

  get agentRelease(): string | undefined {
    try {
      return readlinkSync(join(this.root, 'proc/100/exe')).split('/').at(-3)
    } catch {
      return undefined
    }
  }

  stopAgent(): void {
    rmSync(join(this.root, 'proc/100'), { recursive: true, force: true })
  }

  #answer(words: readonly string[]): [number, string] {
    const line = words.join(' ')
    const release = words[0]?.split('/').at(-3) ?? ''
    if (words[0]?.endsWith('/bin/node') === true) {
      return this.foreign.has(release) ? [127, 'Error loading shared library ld-linux-x86-64.so.2'] : [0, '']
    }
    if (/restart/.test(line)) return this.#startAgent()
    if (/ stop\b/.test(line)) this.stopAgent()
    if (/is-active|status$/.test(line)) return [this.#runs(line) ? 0 : 3, '']
    return [0, '']
  }

  #runs(line: string): boolean {
    return line.includes('fairlead-agent')
      ? this.agentRelease !== undefined
      : [...this.others].some((name) => line.includes(name))
  }

  #startAgent(): [number, string] {
    this.stopAgent()
    const program = join(this.root, 'opt/fairlead/bin/node')
    if (!existsSync(program)) return [1, 'no program']
    const release = readlinkSync(join(this.root, 'opt/fairlead')).split('/').at(-1) ?? ''
    if (this.falling.has(release)) return [0, '']
    mkdirSync(join(this.root, 'proc/100'))
    symlinkSync(`/opt/fairlead-releases/${release}/bin/node`, join(this.root, 'proc/100/exe'))
    writeFileSync(
      join(this.root, 'proc/100/cmdline'),
      ['/opt/fairlead/bin/node', '/opt/fairlead/bin/fairlead.cjs', 'agent', ''].join('\0'),
    )
    return [0, '']
  }
}

export function textIn(root: string, path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined
}

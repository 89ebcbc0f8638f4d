import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type IptablesOptions, openIptables } from '../../../src/adapters/iptables/open-iptables.ts'
import type { IptablesBackend } from '../../../src/domain/network-program.ts'
import type { FilterPlane } from '../../contract/filter-lab.ts'
import type { Namespace } from '../../netns/namespace.ts'

const families = ['iptables', 'ip6tables'] as const

/** One plane with what a test needs behind its back; the lock of the legacy backend is a file of its own. */
export interface IptablesPlane extends FilterPlane {
  readonly lockFile: string
  /** Runs one of the backend's programs in the namespace: `x('iptables', '-S')`. */
  x(program: (typeof families)[number], ...args: readonly string[]): Promise<string>
  /** Gives a text to the backend's `-restore --noflush`. */
  restore(program: (typeof families)[number], text: string): Promise<string>
  save(program: (typeof families)[number], ...args: readonly string[]): Promise<string>
  down(): Promise<void>
}

export async function iptablesPlane(
  node: Namespace,
  backend: IptablesBackend,
  options: Partial<IptablesOptions> = {},
): Promise<IptablesPlane> {
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-lock-'))
  const lockFile = join(directory, 'lock')
  const path = (program: string, verb = ''): string => `/usr/sbin/${program}-${backend}${verb}`
  const run = async (argv: readonly [string, ...string[]], input?: string): Promise<string> => {
    const result = await node.commands.run(argv, {
      ...(input === undefined ? {} : { input }),
      environment: { XTABLES_LOCKFILE: lockFile },
    })
    if (result.code !== 0) throw new Error(`${argv.join(' ')}: ${result.stderr}`)
    return result.stdout
  }
  const x: IptablesPlane['x'] = (program, ...args) => run([path(program), '-w', '5', ...args])
  const save: IptablesPlane['save'] = (program, ...args) => run([path(program, '-save'), ...args])
  const restore: IptablesPlane['restore'] = (program, text) =>
    run([path(program, '-restore'), '-w', '5', '--noflush'], text)
  return {
    filter: openIptables({ commands: node.commands, backend, lockFile, ...options }),
    lockFile,
    x,
    save,
    restore,
    foreign: async () => foreignLines(await Promise.all(families.map((program) => save(program)))),
    addForeign: async () => {
      for (const program of families) await restore(program, foreignText)
    },
    removeOneRule: async () => {
      await x('iptables', '-D', 'FAIRLEAD-INPUT', '1')
    },
    addToOurs: async () => {
      await x('iptables', '-A', 'FAIRLEAD-INPUT', '-p', 'tcp', '--dport', '7', '-j', 'ACCEPT')
    },
    wipe: async () => {
      for (const program of families) {
        for (const table of ['filter', 'mangle', 'nat', 'raw']) {
          await x(program, '-t', table, '-F')
          await x(program, '-t', table, '-X')
        }
      }
    },
    counters: async () => {
      const texts = await Promise.all(families.map((program) => save(program, '-c')))
      return texts
        .join('')
        .split('\n')
        .filter((line) => / -A FAIRLEAD-/.test(line))
        .join('\n')
    },
    down: () => rm(directory, { recursive: true }),
  }
}

const foreignText = `*filter
:THEIRS - [0:0]
-A THEIRS -p tcp -m tcp --dport 4 -m comment --comment "keep -j FAIRLEAD-INPUT \\"as it is\\"" -j DROP
-A INPUT -m comment --comment "theirs, before KUBE-SERVICES" -j THEIRS
-A FORWARD -p udp -m udp --dport 5 -j DROP
COMMIT
*mangle
:THEIRS-TOO - [0:0]
-A PREROUTING -j THEIRS-TOO
COMMIT
*nat
-A POSTROUTING -p udp -m udp --dport 6 -j MASQUERADE
COMMIT
`

/**
 * What is not ours, without times and counters. A table that has nothing in it is as good as absent: the first write
 * makes it, and it stays.
 */
function foreignLines(texts: readonly string[]): string {
  return texts
    .map((text) => {
      const tables = text.split(/^(?=\*)/m).map((table) =>
        table
          .split('\n')
          .filter((line) => /^[*:-]/.test(line) && !/^(?::|-A )FAIRLEAD-|--comment "?fairlead:/.test(line))
          .map((line) => line.replace(/ \[\d+:\d+\]$/, '')),
      )
      return tables
        .filter((lines) => lines.some((line) => line.startsWith('-') || /^:.* -$/.test(line) || / DROP$/.test(line)))
        .map((lines) => lines.join('\n'))
        .toSorted()
        .join('\n')
    })
    .join('\n== v6\n')
}

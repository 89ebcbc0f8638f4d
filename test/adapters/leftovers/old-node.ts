import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openCommands } from '../../../src/adapters/command/node-command.ts'
import { openLeftovers } from '../../../src/adapters/leftovers/leftovers.ts'
import type { IptablesBackend } from '../../../src/domain/network-program.ts'
import type { CommandPort } from '../../../src/ports/command-port.ts'
import type { LeftoversPort } from '../../../src/ports/leftovers-port.ts'
import { type Namespace, newNamespace } from '../../netns/namespace.ts'

export const neverAborted = new AbortController().signal

/** A node in a namespace of its own, with a disk of its own, that had another life before. */
export interface OldNode extends Pick<Namespace, 'run'> {
  readonly commands: CommandPort
  readonly port: LeftoversPort
  /** The same over other commands. */
  portWith(commands: CommandPort): LeftoversPort
  readonly root: string
  readonly quarantine: string
  write(path: string, text: string): void
  /** Everything that iptables shows, with counters, but for the lines that `isOwn` says are a component's. */
  saved(backend: IptablesBackend, family: 'v4' | 'v6', isOwn?: (line: string) => boolean): Promise<readonly string[]>
  down(): Promise<void>
}

export async function newOldNode(k3sArguments: readonly string[] | undefined): Promise<OldNode> {
  const namespace = await newNamespace('clean')
  const root = mkdtempSync(join(tmpdir(), 'fairlead-clean-'))
  // The lock of the legacy backend is one file for all namespaces.
  const lock = `XTABLES_LOCKFILE=${root}/xtables.lock`
  const commands = openCommands(['/usr/sbin/ip', 'netns', 'exec', namespace.name, '/usr/bin/env', lock])
  const quarantine = join(root, 'state/quarantine/now')
  const proc = join(root, 'proc')
  const run: OldNode['run'] = async (argv, input) => {
    const [program = '', ...args] = argv
    const result = await commands.run([program, ...args], input === undefined ? {} : { input })
    if (result.code !== 0) throw new Error(`${argv.join(' ')}: ${result.failed ?? result.code} ${result.stderr}`)
    return result.stdout
  }
  const portWith = (used: CommandPort): LeftoversPort =>
    openLeftovers({ commands: used, root, quarantine, proc, k3sArguments: async () => k3sArguments })
  return {
    commands,
    run,
    root,
    quarantine,
    port: portWith(commands),
    portWith,
    write: (path, text) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    },
    saved: async (backend, family, isOwn = () => false) => {
      const text = await run([`${family === 'v6' ? 'ip6tables' : 'iptables'}-${backend}-save`, '-c'])
      return text.split('\n').filter((line) => !line.startsWith('#') && !isOwn(line))
    },
    down: async () => {
      await namespace.down()
      rmSync(root, { recursive: true })
    },
  }
}

/** Rules of a policy controller for `pods` pods with a policy each: two chains and four sets a pod. */
export function policyRules(pods: number): { readonly tables: string; readonly sets: string } {
  const numbers = Array.from({ length: pods }, (_, index) => String(index).padStart(4, '0'))
  const name = (kind: string, number: string): string => `KUBE-${kind}-AAAAAAAAAAAA${number}`
  const setNames = (number: string): readonly string[] =>
    ['SRC', 'DST', 'SRC-B', 'DST-B'].map(
      (kind) => `KUBE-${kind.split('-')[0]}-${kind.endsWith('B') ? 'B' : 'A'}${number}`,
    )
  const chains = numbers.flatMap((number) => [
    `:${name('POD-FW', number)} - [0:0]`,
    `:${name('NWPLCY', number)} - [0:0]`,
  ])
  const rules = numbers.flatMap((number) => [
    `-A KUBE-ROUTER-FORWARD -d 10.42.0.${Number(number) % 250}/32 -j ${name('POD-FW', number)}`,
    `-A ${name('POD-FW', number)} -j ${name('NWPLCY', number)}`,
    `-A ${name('POD-FW', number)} -m mark ! --mark 0x10000/0x10000 -j REJECT`,
    ...setNames(number).map(
      (set) => `-A ${name('NWPLCY', number)} -m set --match-set ${set} src -j MARK --set-xmark 0x10000/0x10000`,
    ),
  ])
  const jumps = ['INPUT', 'FORWARD', 'OUTPUT'].map(
    (hook) => `-I ${hook} 1 -m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-${hook}`,
  )
  const own = ['INPUT', 'FORWARD', 'OUTPUT'].map((hook) => `:KUBE-ROUTER-${hook} - [0:0]`)
  return {
    tables: ['*filter', ...own, ...chains, ...rules, ...jumps, 'COMMIT', ''].join('\n'),
    sets: numbers
      .flatMap(setNames)
      .map((set) => `create ${set} hash:ip\nadd ${set} 10.42.0.7\n`)
      .join(''),
  }
}

/** A line of a chain, or a rule, of the policy controller. */
export const isPolicyLine = (line: string): boolean => /KUBE-(ROUTER|POD-FW|NWPLCY)-/.test(line)

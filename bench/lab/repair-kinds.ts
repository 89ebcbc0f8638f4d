import type { NetworkProgram } from '../../src/domain/network-program.ts'
import { networkProgram } from './bench-agent.ts'
import { denyingFilter } from './filter-sizes.ts'
import { isCommit } from './kernel-monitor.ts'
import { routeDevice, routesOf } from './route-set.ts'

/** A way to harm what an agent holds, and what repairs it without looking. */
export interface Harm {
  readonly what: string
  readonly harm: (turn: number) => readonly string[]
  /** A command and its input that put things right, made from what was there; the peer runs it when the monitor tells. */
  readonly putRight: (turn: number, saved: string) => { readonly argv: readonly string[]; readonly input?: string }
}

/** What is watched, harmed and compared on one mechanism. */
export interface RepairKind {
  readonly name: string
  readonly program: NetworkProgram
  readonly monitor: readonly [string, ...string[]]
  readonly isChange: (line: string) => boolean
  /** Something else is harmed each time, so that no repair waits for the end of a fight. */
  readonly isEachOnce: boolean
  /** Prints what has to be as before. */
  readonly save: readonly string[]
  readonly harms: readonly Harm[]
}

const rules = 200
const routeCount = 200
const chain = 'FAIRLEAD-INPUT'
const nftChain = 'filter4_FAIRLEAD-INPUT'
const routes = routesOf(routeCount, 2)
const routeAt = (turn: number): string => routes[turn % routeCount]?.to ?? ''

export const repairKinds: readonly RepairKind[] = [
  {
    name: 'iptables-nft',
    program: networkProgram({ backend: 'nft', filter: denyingFilter(rules) }),
    monitor: ['/usr/sbin/nft', 'monitor'],
    isChange: isCommit,
    isEachOnce: false,
    save: ['iptables-nft-save', '-t', 'filter'],
    harms: [
      {
        what: 'chain flushed',
        harm: () => ['iptables-nft', '-F', chain],
        putRight: (_, saved) => restoring((line) => line.startsWith(`-A ${chain} `), saved),
      },
      {
        what: 'jump deleted',
        harm: () => ['iptables-nft', '-D', 'INPUT', '1'],
        putRight: (_, saved) => restoring((line) => line.startsWith('-A INPUT '), saved),
      },
    ],
  },
  {
    name: 'nft table',
    program: networkProgram({ plane: 'nft', filter: denyingFilter(rules) }),
    monitor: ['/usr/sbin/nft', 'monitor'],
    isChange: isCommit,
    isEachOnce: false,
    save: ['nft', '-s', 'list', 'table', 'inet', 'fairlead'],
    harms: [
      {
        what: 'chain flushed',
        harm: () => ['nft', 'flush', 'chain', 'inet', 'fairlead', nftChain],
        putRight: (_, saved) => ({ argv: ['nft', '-f', '-'], input: withoutBase(saved) }),
      },
      {
        what: 'table deleted',
        harm: () => ['nft', 'delete', 'table', 'inet', 'fairlead'],
        putRight: (_, saved) => ({ argv: ['nft', '-f', '-'], input: saved }),
      },
    ],
  },
  {
    name: 'routes',
    program: networkProgram({ backend: 'nft', filter: denyingFilter(rules), routes }),
    monitor: ['/usr/sbin/ip', 'monitor', 'route'],
    isChange: (line) => line.includes('10.1'),
    isEachOnce: true,
    save: ['ip', 'route', 'show', 'proto', '201'],
    harms: [
      {
        what: 'route deleted',
        harm: (turn) => ['ip', 'route', 'delete', routeAt(turn)],
        putRight: (turn) => ({ argv: ['ip', 'route', 'add', ...viaGateway(routeAt(turn), 2)] }),
      },
      {
        what: 'route given another gateway',
        harm: (turn) => ['ip', 'route', 'replace', ...viaGateway(routeAt(turn), 9)],
        putRight: (turn) => ({ argv: ['ip', 'route', 'replace', ...viaGateway(routeAt(turn), 2)] }),
      },
    ],
  },
]

/** Loads lines of the filter table again. */
function restoring(isLost: (line: string) => boolean, saved: string): ReturnType<Harm['putRight']> {
  const lines = saved.split('\n').filter(isLost)
  return { argv: ['iptables-nft-restore', '--noflush'], input: `${['*filter', ...lines, 'COMMIT'].join('\n')}\n` }
}

/** Base chains and their jumps are still there: rules would stand twice. */
function withoutBase(listing: string): string {
  return listing.replace(/\tchain (?!filter4_FAIRLEAD-INPUT)\S+ \{\n[^}]*\}\n/g, '')
}

function viaGateway(to: string, gateway: number): readonly string[] {
  return [to, 'via', `192.168.1.${gateway}`, 'dev', routeDevice, 'proto', '201']
}

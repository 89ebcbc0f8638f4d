import type { AddressFamily } from '../../src/domain/cidr.ts'
import type { FilterTable, Hook } from '../../src/domain/packet-filter.ts'
import type { Namespaces } from './lab.ts'
import type { Backend } from './observe.ts'

/** A table of one backend and family: where a fault happens. */
export interface Place {
  readonly backend?: Backend
  readonly family?: AddressFamily
  readonly table?: FilterTable
}

/**
 * What `iptables-nft-save` 1.8.9 makes of native rules: it prints a remark in place of the whole table and ends well;
 * it prints the table as far as that rule, without `COMMIT`, and ends with 3; or it prints a rule that means something
 * else, here one that accepts everything, and ends well.
 */
const nativeRules = {
  hidesTable: 'ct state new accept',
  breaksSave: 'meta mark set 0x1',
  isMisread: 'ip protocol { tcp, udp } accept',
} as const

/** What other people and programs do to the packet filter of one namespace. */
export interface FilterFaults {
  /** `iptables -F` and `-X`: every rule and every chain of a table. */
  flushTable(place?: Place): Promise<void>
  /** Empties one chain, which stays. */
  flushChain(chain: string, place?: Place): Promise<void>
  /** Deletes every jump from `hook` to `target`. @returns how many there were */
  deleteJump(hook: Hook, target: string, place?: Place): Promise<number>
  /** The first jump from `hook` to `target` is there twice. */
  duplicateJump(hook: Hook, target: string, place?: Place): Promise<void>
  /** A rule of somebody else at the first place. @returns it as it is saved */
  insertForeign(chain: string, place?: Place): Promise<string>
  /** The first two rules of a chain change places. */
  swapRules(chain: string, place?: Place): Promise<void>
  /** One rule of a chain goes away. @param at from 1 */
  deleteRule(chain: string, at: number, place?: Place): Promise<void>
  policy(hook: Hook, policy: 'ACCEPT' | 'DROP', place?: Place): Promise<void>
  /** `nft flush ruleset`: every native table and everything of iptables-nft. */
  flushRuleset(): Promise<void>
  /** A native rule inside the filter table of iptables-nft, in a chain of its own. */
  nativeRule(kind: keyof typeof nativeRules): Promise<void>
  /** What `install.sh` of K3s does on an upgrade, and with `all` what `k3s-killall.sh` does. */
  vendorGrep(kind: 'install' | 'all', backend?: Backend): Promise<void>
  /** `count` rules in a chain `OTHER-BIG` that nothing jumps to. */
  bigTable(count: number, place?: Place): Promise<void>
  /** Holds the lock of the legacy backend. Resolves once it is held. @returns what lets go of it */
  holdLock(seconds: number): Promise<() => Promise<void>>
}

export function filterFaults<Name extends string>(lab: Namespaces<Name>, ns: Name): FilterFaults {
  const x = (argv: readonly string[], input?: string): Promise<string> => lab.x(ns, argv, input)
  const saved = async (chain: string, place: Place): Promise<readonly string[]> => {
    const printed = await x([...iptables(place), '-S', chain])
    return printed.split('\n').filter((line) => line.startsWith('-A '))
  }
  const write = async (place: Place, changes: readonly string[]): Promise<void> => {
    const payload = [`*${place.table ?? 'filter'}`, ...changes, 'COMMIT', ''].join('\n')
    await x([`${programOf(place)}-restore`, '-w', '5', '--noflush'], payload)
  }
  const jumps = async (hook: Hook, target: string, place: Place): Promise<readonly string[]> =>
    (await saved(hook, place)).filter((line) => line.endsWith(` -j ${target}`))
  return {
    flushTable: async (place = {}) => {
      await x([...iptables(place), '-F'])
      await x([...iptables(place), '-X'])
    },
    flushChain: async (chain, place = {}) => void (await x([...iptables(place), '-F', chain])),
    deleteJump: async (hook, target, place = {}) => {
      const found = await jumps(hook, target, place)
      if (found.length > 0)
        await write(
          place,
          found.map((line) => `-D${line.slice(2)}`),
        )
      return found.length
    },
    duplicateJump: async (hook, target, place = {}) => {
      const [first] = await jumps(hook, target, place)
      if (first === undefined) throw new Error(`no jump from ${hook} to ${target}`)
      await write(place, [`-I${first.slice(2)}`])
    },
    insertForeign: async (chain, place = {}) => {
      const source = place.family === 6 ? '2001:db8:99::/64' : '198.51.100.0/24'
      const rule = `${chain} -s ${source} -m comment --comment "another tool" -j RETURN`
      await write(place, [`-I ${rule}`])
      return `-A ${rule}`
    },
    swapRules: async (chain, place = {}) => {
      const [first, second] = await saved(chain, place)
      if (first === undefined || second === undefined) throw new Error(`${chain} has no two rules`)
      await write(place, [`-D${second.slice(2)}`, `-I${second.slice(2)}`])
    },
    deleteRule: async (chain, at, place = {}) => void (await x([...iptables(place), '-D', chain, `${at}`])),
    policy: async (hook, policy, place = {}) => void (await x([...iptables(place), '-P', hook, policy])),
    flushRuleset: async () => void (await x(['nft', 'flush', 'ruleset'])),
    nativeRule: async (kind) => {
      const chain = 'ip filter OTHER-NATIVE'
      await x(['nft', '-f', '-'], `add table ip filter\nadd chain ${chain}\nadd rule ${chain} ${nativeRules[kind]}\n`)
    },
    vendorGrep: async (kind, backend = 'nft') => {
      const grep =
        kind === 'all' ? 'grep -v KUBE- | grep -v CNI- | grep -iv flannel' : 'grep -v KUBE- | grep -iv flannel'
      for (const program of [`iptables-${backend}`, `ip6tables-${backend}`]) {
        await x(['/bin/sh', '-c', `${program}-save | ${grep} | ${program}-restore`])
      }
    },
    bigTable: async (count, place = {}) => {
      const rules = Array.from({ length: count }, (_, index) => bigRule(index, place.family ?? 4))
      await write(place, [':OTHER-BIG - [0:0]', ...rules])
    },
    holdLock: async (seconds) => {
      const held = Promise.withResolvers<void>()
      const script = ['flock', lab.lockFile(ns), '/bin/sh', '-c', `echo held; sleep ${seconds}`] as const
      const { stop } = lab.commands(ns).follow([...script], {
        onLine: (line) => (line === 'held' ? held.resolve() : undefined),
        onEnd: (reason) => held.reject(new Error(`the lock could not be held: ${reason}`)),
      })
      await held.promise
      return stop
    },
  }
}

function programOf({ backend = 'nft', family = 4 }: Place): string {
  return `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`
}

function iptables(place: Place): readonly string[] {
  return [programOf(place), '-w', '5', '-t', place.table ?? 'filter']
}

function bigRule(index: number, family: AddressFamily): string {
  const [high, low] = [Math.floor(index / 256), index % 256]
  const source =
    family === 4 ? `10.${100 + Math.floor(high / 256)}.${high % 256}.${low}/32` : `fd99::${index.toString(16)}/128`
  return `-A OTHER-BIG -s ${source} -p tcp -m tcp --dport 80 -m comment --comment "other ${index}" -j ACCEPT`
}

import type { SavedChain, SavedTable } from '../../domain/saved-tables.ts'
import { sameWords } from './rule-words.ts'

const noRules: readonly (readonly string[])[] = []

/**
 * The rules that flannel up to 0.19 wrote straight into the built-in chains: without any comment before 0.15, then with
 * `flanneld masq` and `flanneld forward`. Only their exact words count, built from the networks of the cluster.
 * @param cidrs networks of the pods, of any family
 * @param nodeSubnets networks of this node's own pods, as far as they are known
 * @returns each rule as its chain and its words
 * @see flannel-io/flannel network/iptables.go (`MasqRules`, `ForwardRules`)
 */
export function bareFlannelRules(
  { table, chains }: SavedTable,
  cidrs: readonly string[],
  nodeSubnets: readonly string[],
): readonly (readonly string[])[] {
  const chain = chains.find(({ name }) => name === homes.get(table))
  if (chain === undefined) return noRules
  return cidrs.flatMap((cidr) =>
    (table === 'nat' ? masquerading(chain, cidr, nodeSubnets) : forwarding(chain, cidr)).map((words) => [
      chain.name,
      ...words,
    ]),
  )
}

const homes: ReadonlyMap<SavedTable['table'], string> = new Map([
  ['nat', 'POSTROUTING'],
  ['filter', 'FORWARD'],
])

function forwarding({ rules }: SavedChain, cidr: string): readonly (readonly string[])[] {
  const wanted = [
    ['-s', cidr, '-j', 'ACCEPT'],
    ['-d', cidr, '-j', 'ACCEPT'],
  ]
  return rules.map(({ words }) => words).filter((words) => isOneOf(plain(words), wanted))
}

function masquerading(
  { rules }: SavedChain,
  cidr: string,
  nodeSubnets: readonly string[],
): readonly (readonly string[])[] {
  const multicast = cidr.includes(':') ? 'ff00::/8' : '224.0.0.0/4'
  const leaving = ['-s', cidr, '!', '-d', multicast, '-j', 'MASQUERADE']
  const entering = ['!', '-s', cidr, '-d', cidr, '-j', 'MASQUERADE']
  const wanted = [
    ['-s', cidr, '-d', cidr, '-j', 'RETURN'],
    leaving,
    entering,
    ...nodeSubnets.map((subnet) => ['!', '-s', cidr, '-d', subnet, '-j', 'RETURN']),
  ]
  const all = rules.map(({ words }) => plain(words))
  return rules.flatMap(({ words }, index) => {
    // flannel appends its four in one go: between these two stands the one for the node's own pods.
    const isBetween =
      isOneOf(all[index - 1] ?? [], [leaving]) &&
      isOneOf(all[index + 1] ?? [], [entering]) &&
      sameWords(shapeOf(all[index] ?? []), ['!', '-s', cidr, '-d', '', '-j', 'RETURN'])
    return isBetween || isOneOf(all[index] ?? [], wanted) ? [words] : []
  })
}

/** Without what differs between releases of flannel: its comment, and `--random-fully`. */
function plain(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word, index) => word === '-m' && words[index + 1] === 'comment')
  const isFlannels = at >= 0 && words[at + 2] === '--comment' && /^flanneld (masq|forward)$/.test(words[at + 3] ?? '')
  const rest = isFlannels ? [...words.slice(0, at), ...words.slice(at + 4)] : words
  return rest.at(-1) === '--random-fully' && rest.at(-2) === 'MASQUERADE' ? rest.slice(0, -1) : rest
}

function shapeOf(words: readonly string[]): readonly string[] {
  return words.map((word, index) => (index === 4 ? '' : word))
}

function isOneOf(words: readonly string[], wanted: readonly (readonly string[])[]): boolean {
  return wanted.some((one) => sameWords(one, words))
}

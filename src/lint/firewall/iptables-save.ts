/** The filter table of an `iptables-save` text. */
export interface SavedFilter {
  /** `ACCEPT`, `DROP`, by built-in chain. */
  readonly policies: ReadonlyMap<string, string>
  readonly chains: ReadonlyMap<string, readonly SavedRule[]>
}

export interface SavedRule {
  /** `ACCEPT`, `DROP`, `REJECT`, `RETURN`, another target, or a chain; empty for a rule that only counts. */
  readonly target: string
  /** The target is a goto (`-g`): its return ends this chain too. */
  readonly isGoto: boolean
  readonly matches: readonly SavedMatch[]
}

export interface SavedMatch {
  /** `-s`, `--dport`, `-i`, … */
  readonly option: string
  readonly value: string
  readonly isNegated: boolean
}

/** Reads what is there; lines that are not understood are passed over. */
export function readSavedFilter(text: string): SavedFilter {
  const policies = new Map<string, string>()
  const chains = new Map<string, SavedRule[]>()
  for (const line of linesOfTable(text, 'filter')) {
    const declared = /^:(\S+) (\S+)/.exec(line)
    if (declared?.[1] !== undefined) {
      chains.set(declared[1], chains.get(declared[1]) ?? [])
      if (declared[2] !== undefined && declared[2] !== '-') policies.set(declared[1], declared[2])
      continue
    }
    const [verb, chain, ...rest] = wordsOf(line)
    if (verb !== '-A' || chain === undefined) continue
    const rules = chains.get(chain) ?? []
    rules.push(ruleOf(rest))
    chains.set(chain, rules)
  }
  return { policies, chains }
}

/** Lines of one table, or of every table, without the names of tables. */
export function linesOfTable(text: string, table?: string): readonly string[] {
  let current = ''
  return text.split('\n').filter((line) => {
    if (line.startsWith('*')) current = line.slice(1).trim()
    return !line.startsWith('*') && (table === undefined || current === table)
  })
}

function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}

/** Everything after the target belongs to the target. */
function ruleOf(words: readonly string[]): SavedRule {
  const matches: SavedMatch[] = []
  let isNegated = false
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const value = words[index + 1] ?? ''
    if (word === '-j' || word === '-g') return { target: value, isGoto: word === '-g', matches }
    if (word === '!') {
      isNegated = true
      continue
    }
    if (!word.startsWith('-')) continue
    const hasValue = value !== '' && !value.startsWith('-') && value !== '!'
    matches.push({ option: word, value: hasValue ? value : '', isNegated })
    isNegated = false
  }
  return { target: '', isGoto: false, matches }
}

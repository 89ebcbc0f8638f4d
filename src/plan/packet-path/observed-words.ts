/** One option of a match: `! --dport 80` of `-m tcp`. */
export interface ObservedOption {
  /** The last `-m` before it; empty before the first. */
  readonly module: string
  readonly name: string
  readonly values: readonly string[]
  readonly negated: boolean
}

export interface ObservedTarget {
  readonly name: string | undefined
  readonly isGoto: boolean
  readonly options: ReadonlyMap<string, readonly string[]>
}

/** Options whose one value is free text, which may begin with a dash. */
const textOptions: readonly string[] = [
  '--comment',
  '--log-prefix',
  '--nflog-prefix',
  '--ulog-prefix',
  '--string',
  '--selctx',
]

/** The words of one rule, without `-A` and its chain. */
export function readOptions(words: readonly string[]): { options: readonly ObservedOption[]; target: ObservedTarget } {
  const options: ObservedOption[] = []
  const targetOptions = new Map<string, readonly string[]>()
  let target: { name: string; isGoto: boolean } | undefined
  let module = ''
  let negated = false
  for (let at = 0; at < words.length; ) {
    const name = words[at] ?? ''
    at += 1
    if (name === '!') {
      negated = true
      continue
    }
    const count = textOptions.includes(name) ? 1 : valuesFrom(words, at)
    const values = words.slice(at, at + count)
    at += count
    if (name === '-m') module = values[0] ?? ''
    else if (name === '-j' || name === '-g') target = { name: values[0] ?? '', isGoto: name === '-g' }
    else if (target !== undefined) targetOptions.set(name, values)
    else options.push({ module, name, values, negated })
    negated = false
  }
  return { options, target: { name: target?.name, isGoto: target?.isGoto === true, options: targetOptions } }
}

/** How many words are values: those before the next option. */
function valuesFrom(words: readonly string[], start: number): number {
  let at = start
  while (at < words.length && words[at] !== '!' && !/^--?[a-zA-Z]/.test(words[at] ?? '')) at += 1
  return at - start
}

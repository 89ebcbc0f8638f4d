import { type ConfigArgument, isSecretKey, secretMask } from '../../domain/k3s-config-reading.ts'
import type { Problem } from '../../domain/problem.ts'
import type { LocatedWord } from './located-word.ts'

export interface ArgumentReading {
  /** The command, as K3s finds it: the first word that is `server` or `agent`. */
  readonly command?: 'server' | 'agent'
  readonly arguments: readonly ConfigArgument[]
  readonly problems: readonly Problem[]
}

export interface ArgumentOptions {
  /** Whether a flag is a switch, by long name or alias; undefined for a flag that nobody knows. */
  isBoolean(key: string): boolean | undefined
  /** The words of `--switch=true` are apart, as K3s writes them into the Node's annotation. */
  readonly switchesHaveValues?: boolean
}

/**
 * The flags of a command line: `--key text`, `--key=text`, `-k text`, and switches alone. One dash or two are the same,
 * as they are to Go. Values of secret flags are masked.
 *
 * @param words from the binary on; `['server', …]` without it will do
 * @see k3s-io/k3s pkg/configfilearg/parser.go (`findStart`); Go's flag package, which urfave/cli uses
 */
export function readArguments(words: readonly LocatedWord[], options: ArgumentOptions): ArgumentReading {
  const start = words.findIndex((word) => word.text === 'server' || word.text === 'agent')
  const command = words[start]?.text
  const found: ConfigArgument[] = []
  const problems: Problem[] = []
  // Flags before the command belong to the program: `k3s --debug server`.
  for (const part of start < 0 ? [words.slice(1)] : [words.slice(1, start), words.slice(start + 1)]) {
    readPart(part, options, found, problems)
  }
  return { ...(command === 'server' || command === 'agent' ? { command } : {}), arguments: found, problems }
}

function readPart(
  words: readonly LocatedWord[],
  options: ArgumentOptions,
  found: ConfigArgument[],
  problems: Problem[],
): void {
  for (let index = 0; index < words.length; index++) {
    const word = words[index]
    if (word === undefined) return
    const [, key, equals, inline = ''] = /^--?([^-=\s][^=\s]*)(=(.*))?$/s.exec(word.text) ?? []
    if (key === undefined) {
      problems.push(strayWord(word))
      continue
    }
    if (equals !== undefined) {
      found.push(argument(key, equals === '=' ? '' : inline === '' ? equals.slice(1) : inline, word))
      continue
    }
    const next = words[index + 1]
    if (standsAlone(key, next, options)) {
      found.push(argument(key, 'true', word))
    } else if (next === undefined) {
      problems.push(withoutValue(key, word))
    } else {
      found.push(argument(key, next.text, word))
      index++
    }
  }
}

/** A flag that nobody knows takes the next word unless that is a flag itself. */
function standsAlone(key: string, next: LocatedWord | undefined, options: ArgumentOptions): boolean {
  const isBoolean = options.isBoolean(key)
  if (isBoolean === false) return false
  if (isBoolean === undefined) return next === undefined || next.text.startsWith('-')
  return options.switchesHaveValues !== true || !/^(true|false|[tf01])$/i.test(next?.text ?? '')
}

function argument(key: string, text: string, word: LocatedWord): ConfigArgument {
  if (!isSecretKey(key)) return { key, text, at: word.at }
  return { key, text: text === '' ? '' : secretMask, at: { place: word.at.place } }
}

/** The word itself is not shown: it may be the half of a secret that was not quoted. */
function strayWord(word: LocatedWord): Problem {
  return {
    code: 'ARGUMENT_STRAY',
    severity: 'warning',
    ...word.at,
    what: 'a word of the command line is no flag, and no value of one',
    why: 'K3s does nothing with it, and newer releases read no flag after it either',
    fix: 'delete it; write a switch that is off as --flag=false',
  }
}

function withoutValue(key: string, word: LocatedWord): Problem {
  return {
    code: 'ARGUMENT_WITHOUT_VALUE',
    severity: 'error',
    ...word.at,
    what: `--${key} is the last word and has no value`,
    why: 'K3s does not start without it',
    fix: `write --${key}=VALUE, or delete the flag`,
  }
}

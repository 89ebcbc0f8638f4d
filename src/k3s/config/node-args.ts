import type { LocatedLine, Problem } from '../../domain/problem.ts'
import { type ArgumentOptions, type ArgumentReading, readArguments } from './arguments.ts'
import { wordsAt } from './located-word.ts'

/**
 * The annotation `k3s.io/node-args`: every flag K3s was started with, those of its files first. K3s takes `--key=text`
 * apart into two words there.
 * @see k3s-io/k3s pkg/nodeconfig/nodeconfig.go (`getNodeArgs`)
 */
export function readNodeArgs(text: string, at: LocatedLine, isBoolean: ArgumentOptions['isBoolean']): ArgumentReading {
  const words = stringsOf(text)
  if (words === undefined) return { arguments: [], problems: [notNodeArgs(at)] }
  const [first] = words
  const argv = first === 'server' || first === 'agent' ? ['k3s', ...words] : words
  return readArguments(wordsAt(argv, at), { isBoolean, switchesHaveValues: true })
}

function stringsOf(text: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
  } catch {
    return undefined
  }
}

function notNodeArgs(at: LocatedLine): Problem {
  return {
    code: 'NODE_ARGS_UNREADABLE',
    severity: 'warning',
    place: at.place,
    what: 'the annotation k3s.io/node-args is no JSON list of texts',
    why: 'what K3s was started with cannot be told from it',
    fix: 'leave the annotation to K3s, which writes it at every start',
  }
}

import type { LocatedLine, Problem } from '../../domain/problem.ts'
import { type Environment, variable } from './environment-file.ts'
import { type LocatedWord, textLines } from './located-word.ts'
import { type EnvironmentFileName, k3sWords, type ServiceReading } from './service-reading.ts'
import { readShellWord, splitShellWords } from './shell-words.ts'

/**
 * How OpenRC starts K3s: `command`, `command_args` and the files of variables that the service script sources. The
 * script is not run: what only a shell can tell is a problem.
 *
 * @see k3s-io/k3s install.sh (`create_openrc_service_file`); openrc-run(8)
 */
export function readOpenrcService(file: { readonly path: string; readonly text: string }): ServiceReading {
  const text = file.text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const { locateOffset: at } = textLines(file.path, text)
  const command = assigned(text, 'command')
  const args = assigned(text, 'command_args')
  const shared = { environment: exportsOf(text, at), environmentFiles: sourcedFiles(text, at) }
  if (command === undefined) return { ...shared, words: [], problems: [noCommand(at(0))] }
  if (command.word === undefined) return { ...shared, words: [], problems: [notPlain('command', at(command.offset))] }
  const binary: LocatedWord = { text: command.word.text, at: at(command.offset) }
  const words = args === undefined ? [] : args.word && argumentWords(args.word, at)
  if (words === undefined) {
    return { ...shared, words: [], problems: [notPlain('command_args', at(args?.offset ?? 0))] }
  }
  const read = k3sWords([binary, ...words])
  return 'code' in read ? { ...shared, words: [], problems: [read] } : { ...shared, words: read, problems: [] }
}

type Word = NonNullable<ReturnType<typeof readShellWord>>

/** The last assignment of a variable; without a word where only a shell can tell it. */
function assigned(
  text: string,
  name: string,
): { readonly offset: number; readonly word: Word | undefined } | undefined {
  const match = [...text.matchAll(new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}=`, 'gm'))].at(-1)
  if (match === undefined) return undefined
  const offset = match.index + match[0].length
  return { offset, word: readShellWord(text, offset) }
}

/** OpenRC hands the value to a shell once more, so its quotes count; where the output goes is no argument. */
function argumentWords(value: Word, at: (offset: number) => LocatedLine): readonly LocatedWord[] | undefined {
  const split = splitShellWords(value.text)
  if (split === undefined) return undefined
  const words: LocatedWord[] = []
  for (let index = 0; index < split.length; index++) {
    const word = split[index]
    if (word === undefined) break
    if (word.kind === 'word') words.push({ text: word.text, at: at(value.offsets[word.index] ?? 0) })
    else if (/^\d?>>?$/.test(word.text)) index++
    else if (!/^\d?>&\d$/.test(word.text)) return undefined
  }
  return words
}

function exportsOf(text: string, at: (offset: number) => LocatedLine): Environment {
  return [...text.matchAll(/^([ \t]*export[ \t]+)([A-Za-z_][A-Za-z0-9_]*)=/gm)].flatMap((match) => {
    const [whole, before = '', name = ''] = match
    const word = readShellWord(text, match.index + whole.length)
    return word === undefined ? [] : [variable(name, word.text, at(match.index + before.length))]
  })
}

function sourcedFiles(text: string, at: (offset: number) => LocatedLine): readonly EnvironmentFileName[] {
  return [...text.matchAll(/^(?![ \t]*#)[^\n]{0,200}?(?<![^\s;])(?:\.|source)[ \t]+["']?(\/[^\s;"']+)/gm)].map(
    (match) => {
      const path = match[1] ?? ''
      const isOptional = /\[ -[efr] /.test(match[0])
      return { path, isOptional, reader: 'shell', at: at(match.index + match[0].length - path.length) }
    },
  )
}

function notPlain(name: string, at: LocatedLine): Problem {
  return {
    code: 'SERVICE_ARGS_NOT_PLAIN',
    severity: 'warning',
    ...at,
    what: `${name} holds something that only a shell can tell, or a quote that is not closed`,
    why: 'the flags of K3s cannot be read from it',
    fix: 'write the flags out, or put them into /etc/rancher/k3s/config.yaml',
  }
}

function noCommand(at: LocatedLine): Problem {
  return {
    code: 'SERVICE_WITHOUT_COMMAND',
    severity: 'warning',
    ...at,
    what: 'the service names no command',
    why: 'how it starts K3s cannot be told',
    fix: 'set command and command_args, as the installer of K3s does',
  }
}

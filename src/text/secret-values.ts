import { secretNodes } from './secret-nodes.ts'

/**
 * The first line of a text, counted from 1, that seems to hold a secret value: a password or token beside its name, a
 * private key, an address with a password in it. Names of Secrets, references to them and switches are none.
 *
 * It would rather see one too many: who asks leaves the text where it is.
 */
export function lineOfSecretValue(text: string): number | undefined {
  const lines = text.split(/\r\n|\r|\n/)
  const index = lines.findIndex((line, at) => holdsSecret(line) || isValueOfSecret(lines, at))
  const [node] = secretNodes(text)
  if (index < 0) return node?.line
  return Math.min(index + 1, node?.line ?? index + 1)
}

/** A value beside its name, masked where it may hold a secret. */
export function openValue(name: string, value: string): string {
  return lineOfSecretValue(`${name}: ${value}`) === undefined ? value : mask
}

/**
 * A value of one of K3s's flags, masked where it may hold a secret, in the name of the flag or in the value itself:
 * `--oidc-client-secret=…` among the arguments of a component.
 */
export function openFlagValue(key: string, value: string): string {
  return lineOfSecretValue(`--${value}`) === undefined ? openValue(key, value) : mask
}

/** What of a value must not be shown: all of it, what follows its `=`, and the password of an address. */
export function secretPartsOf(key: string, value: string): readonly string[] {
  if (openFlagValue(key, value) === value) return []
  const given = /^-{0,2}[\w.-]+=(.+)$/s.exec(value)?.[1]
  const password = /:\/\/[^\s/@:]*:([^\s/@]+)@/.exec(value)?.[1]
  return [value, ...(given === undefined ? [] : [given]), ...(password === undefined ? [] : [password])]
}

/**
 * The same text with `********` in place of every such value. Its lines stay where they are, but for private keys and
 * blocks of text, of which only the first line is left.
 */
export function withoutSecretValues(text: string): string {
  const lines = withoutSecretNodes(text).split('\n')
  const kept: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (!holdsSecret(line) && !isValueOfSecret(lines, at)) {
      kept.push(line)
      continue
    }
    kept.push(maskedLine(line))
    if (privateKey.test(line)) while (at + 1 < lines.length && !/-----END/.test(lines[at] ?? '')) at++
    else if (/[|>][-+\d]*\s*$/.test(line)) while (isBelow(lines[at + 1], line)) at++
  }
  return kept.join('\n')
}

const mask = '********'

/** The values that only a reader of YAML sees; a block of text is left with one line. */
function withoutSecretNodes(text: string): string {
  let open = text
  for (const { start, end } of secretNodes(text).toReversed()) {
    const ending = open.slice(start, end).endsWith('\n') ? '\n' : ''
    open = `${open.slice(0, start)}"${mask}"${ending}${open.slice(end)}`
  }
  return open
}

function maskedLine(line: string): string {
  const value = assignment.exec(line)?.[1] ?? argument.exec(line)?.[1] ?? /^\s*value:[ \t]*(.*)$/.exec(line)?.[1]
  const indent = /^\s*/.exec(line)?.[0] ?? ''
  if (value === undefined || privateKey.test(line) || addressWithPassword.test(line)) return `${indent}"${mask}"`
  return `${line.slice(0, line.length - value.length)}"${mask}"`
}

/** Deeper inside than `line`, or empty. */
function isBelow(next: string | undefined, line: string): boolean {
  if (next === undefined) return false
  return next.trim() === '' || next.search(/\S/) > line.search(/\S/)
}

const secretWord =
  '(?:pass(?:word|wd|phrase)?|token|api[-_]?key|private[-_]?key|secret[-_]?key|access[-_]?key|client[-_]?secret|psk|pre[-_]?shared[-_]?key|auth[-_]?key|dockerconfigjson|credentials?)'

/** `password: value`, `"apiKey": "value"`, `--token=value`, `DB_PASSWORD=value`; the value is the first group. */
const assignment = new RegExp(`${secretWord}["']?[ \\t]*[:=][ \\t]*(.*)$`, 'i')
/** `--token value` of a command line. */
const argument = new RegExp(`(?:^|\\s)--?[\\w-]*${secretWord}[ \\t]+([^\\s-].*)$`, 'i')
const namesVariable = new RegExp(`name:[ \\t]*["']?[\\w.-]*${secretWord}["']?[ \\t]*$`, 'i')
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/
const addressWithPassword = /:\/\/[^\s/@:]*:[^\s/@]+@/

function holdsSecret(line: string): boolean {
  if (privateKey.test(line) || addressWithPassword.test(line)) return true
  const value = assignment.exec(line)?.[1] ?? argument.exec(line)?.[1]
  return value !== undefined && isOwnValue(value)
}

/** `- name: DB_PASSWORD` with its `value:` on the next line, as pods have their variables. */
function isValueOfSecret(lines: readonly string[], at: number): boolean {
  const [line = '', before = ''] = [lines[at], lines[at - 1]]
  if (!namesVariable.test(before)) return false
  const value = /^\s*value:[ \t]*(.*)$/.exec(line)?.[1]
  return value !== undefined && isOwnValue(value)
}

/** Neither nothing, nor a switch or number, nor the name of a file, nor what is filled in elsewhere. */
function isOwnValue(written: string): boolean {
  const value = written
    .replace(/\s#.*$/, '')
    .trim()
    .replace(/,$/, '')
    .replace(/^["']|["']$/g, '')
  return !/^$|^(true|false|null|~|\d+[smh]?)$|^[{[&*!]|^[/$%]|^\{\{/i.test(value)
}

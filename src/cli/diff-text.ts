import type { FileChange } from '../domain/change.ts'
import { fileMode } from '../domain/observation.ts'
import { manifestName } from '../k3s/locations.ts'
import { pathOfChange } from '../reconcile/preview-plan.ts'
import { unifiedDiff } from '../text/line-diff.ts'
import { readManifestObjects } from '../text/manifest-objects.ts'
import { namesSecret } from '../text/secret-names.ts'
import type { Colours } from './colour.ts'
import { printable, printableText } from './printable.ts'

interface TextDiff {
  /** Absolute, as K3s sees it: what decides how the content is read. */
  readonly path: string
  /** What stands in the header instead of the path. */
  readonly title?: string
  readonly before: string | undefined
  readonly after: string | undefined
  /** Known to hold secrets, whatever it looks like. */
  readonly holdsSecret?: boolean
}

/** One change of a plan as a unified diff; its header names the node in front of the path, as `render --out` does. */
export function formatFileChange(node: string, change: FileChange, colours: Colours): string {
  const path = pathOfChange(change)
  const title = `${node}${path}`
  const before = 'before' in change ? change.before : undefined
  if (before !== undefined && before.text === undefined) {
    const what = before.unreadable ?? `a ${before.type}`
    return `${header(title, title, colours)}(what is there now is not shown: ${printable(what)})\n`
  }
  const isDecrypted = 'after' in change && change.after.secrecy === 'decrypted'
  const isSecret = isDecrypted || before?.holdsSecret === true
  const texts = { before: before?.text, after: wantedText(change), holdsSecret: isSecret }
  const diff = formatTextDiff({ path, title, ...texts }, colours)
  if (diff !== '' || before === undefined) return diff
  return `${header(title, title, colours)}mode ${octal(before.mode)} -> ${octal(fileMode)}\n`
}

/** A unified diff that shows nothing of a file that holds secrets on either side. */
export function formatTextDiff(diff: TextDiff, colours: Colours): string {
  const { path, title = path, before, after } = diff
  if (before === after) return ''
  if (diff.holdsSecret === true || holdsSecret(path, before) || holdsSecret(path, after)) {
    const lines = `${linesIn(before)} before, ${linesIn(after)} after`
    return `${header(title, title, colours)}(the file holds secrets, its lines are not shown: ${lines})\n`
  }
  const lines = printableText(unifiedDiff(printable(title), before, after))
    .trimEnd()
    .split('\n')
  return lines.map((line) => `${paintLine(line, colours)}\n`).join('')
}

/** An emptied file and one that is gone are both nothing to people. */
function wantedText(change: FileChange): string | undefined {
  return 'after' in change ? change.after.text : undefined
}

/** Also where it cannot be parsed and a Secret is only mentioned: what is not understood is not shown. */
function holdsSecret(path: string, text: string | undefined): boolean {
  if (text === undefined) return false
  const name = manifestName(path)
  if (name === undefined) return namesSecret(text) || text.includes('datastore-endpoint')
  const { objects, problems } = readManifestObjects(name, text)
  const isUnderstood = !problems.some((problem) => problem.severity === 'error')
  return objects.some((object) => object.isSecret) || (!isUnderstood && /secret/i.test(text))
}

function header(from: string, to: string, { bold }: Colours): string {
  return `${bold(`--- ${printable(from)}`)}\n${bold(`+++ ${printable(to)}`)}\n`
}

function paintLine(line: string, colours: Colours): string {
  if (line.startsWith('--- ') || line.startsWith('+++ ')) return colours.bold(line)
  if (line.startsWith('@@')) return colours.cyan(line)
  if (line.startsWith('+')) return colours.green(line)
  return line.startsWith('-') ? colours.red(line) : line
}

function linesIn(text: string | undefined): string {
  const lines = text === undefined || text === '' ? 0 : text.replace(/\n$/, '').split('\n').length
  return `${lines} ${lines === 1 ? 'line' : 'lines'}`
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

import { lineOfSecretValue } from '../../text/secret-values.ts'

const mask = '********'
/** More than an event may have; what is longer is no sentence. */
const maxRead = 4_096
const maxKept = 512

/**
 * A message of a controller without what it may quote of a manifest: `Secret "db" is invalid: data.key: Invalid value:
 * "********"`. Quotes stay where they name a file, a kind or an object; excerpts of documents and values never do.
 * @see k8s.io/apimachinery pkg/util/validation/field/errors.go, json-iterator/go iter.go (`ReportError`)
 */
export function openMessage(message: string): string {
  const open = message
    .slice(0, maxRead)
    // `error found in #10 byte of ...|{"key":"aGVs|..., bigger context ...|`
    .replace(/\.\.\.\|.*$/s, mask)
    // Where a document ends inside a sentence nobody can tell: it may have been cut off.
    .replace(/(\{|\bmap\[).*$/s, `$1${mask}`)
    .replace(quoted, (all: string, before = '', at: number, whole: string) =>
      isName(before, all.slice(before.length), whole.slice(at + all.length)) ? all : `${before}"${mask}"`,
    )
    .replace(/\b(value: )(?!["[{])[^\s,;:]+/gi, `$1${mask}`)
  const lines = open.split('\n').map((line) => (lineOfSecretValue(line) === undefined ? line : mask))
  const text = lines.join('\n')
  return text.length > maxKept ? `${text.slice(0, maxKept)}…` : text
}

/** With the word before it; a quote that nobody closes goes to the end. */
const quoted = /(\b[\w./-]+ )?(?:"(?:[^"\\]|\\.)*(?:"|$)|`[^`]*(?:`|$)|(?<!\w)'[^']*(?:'|$))/gs

/** `manifest at "/var/…"`, `kind "Widget"`, `Secret "db" is invalid`, `namespaces "shop" not found`. */
function isName(before: string, quote: string, after: string): boolean {
  if (before === 'at ') return quote.startsWith('"/')
  if (/^(kind|version|group|resource|namespace|webhook|job|chart|release) $/i.test(before)) return true
  return before !== '' && /^ (is invalid|not found|is forbidden|already exists|is being deleted)/.test(after)
}

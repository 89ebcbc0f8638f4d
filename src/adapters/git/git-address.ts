import { Failure } from '../../domain/failure.ts'
import { hasControlCharacter } from './control-characters.ts'

/** Where a repository is, and so which engine speaks to it. */
export type GitAddress =
  | { readonly kind: 'http'; readonly url: string; readonly shown: string }
  | { readonly kind: 'command-line'; readonly url: string; readonly shown: string }

/**
 * Accepts `http(s)://`, `ssh://`, `user@host:path`, `file:///path` and absolute paths; nothing that git could take for
 * an option, another transport or a command.
 *
 * @throws Failure GIT_URL_INVALID; it never repeats the URL where that could hold a password
 */
export function parseGitAddress(url: string): GitAddress {
  if (url.startsWith('-')) throw invalid(url, 'starts with "-"')
  if (hasControlCharacter(url) || url.includes(' '))
    throw invalid('(not shown)', 'holds a space or a control character')
  if (url.startsWith('/')) return { kind: 'command-line', url, shown: url }
  if (url.includes('://')) return parseWithScheme(url)
  const scp =
    /^(?<user>[A-Za-z0-9_][A-Za-z0-9_.-]*)@(?<host>[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\]):(?<path>[^-].*)$/
  if (scp.test(url)) return { kind: 'command-line', url, shown: url }
  throw invalid(url.includes('@') ? '(not shown)' : url, 'is neither a URL, nor user@host:path, nor an absolute path')
}

function parseWithScheme(url: string): GitAddress {
  if (!URL.canParse(url)) throw invalid('(not shown)', 'is not a URL')
  const parsed = new URL(url)
  const shown = `${parsed.protocol}//${parsed.host}${parsed.pathname}`
  if (parsed.search !== '' || parsed.hash !== '') throw invalid(shown, 'has a query or a fragment')
  if (parsed.password !== '') throw invalid(shown, 'holds a password: it would show in process lists and logs')
  switch (parsed.protocol) {
    case 'http:':
    case 'https:':
      if (parsed.username !== '') throw invalid(shown, 'holds a user name or token')
      return { kind: 'http', url: shown.replace(/\/+$/, ''), shown: shown.replace(/\/+$/, '') }
    case 'ssh:':
      return parseSsh(url, parsed)
    case 'file:':
      if (parsed.host !== '') throw invalid(shown, 'names a host')
      return { kind: 'command-line', url, shown }
    default:
      throw invalid(shown, `has the scheme ${parsed.protocol}//, which is not spoken here`)
  }
}

function parseSsh(url: string, parsed: URL): GitAddress {
  const shown = url
  // A host or user that begins with "-" would reach ssh as an option (CVE-2017-1000117).
  if (!/^[A-Za-z0-9[]/.test(parsed.host)) throw invalid(shown, 'names no proper host')
  if (parsed.username !== '' && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(parsed.username)) {
    throw invalid(shown, 'names no proper user')
  }
  if (parsed.pathname.length < 2 || parsed.pathname.startsWith('/-')) throw invalid(shown, 'names no repository')
  return { kind: 'command-line', url, shown }
}

function invalid(where: string, why: string): Failure {
  return new Failure(`the repository's URL ${why}`, {
    code: 'GIT_URL_INVALID',
    where,
    fix: 'write https://host/path, ssh://git@host/path, git@host:path or an absolute path; credentials belong into files',
    retry: 'never',
  })
}

import type { Failure } from '../../domain/failure.ts'
import { unreachable } from '../../domain/unreachable.ts'
import { hasControlCharacter } from './control-characters.ts'
import { gitFailure } from './git-failures.ts'

/** What of the repository is followed. `name` is short: `main`, `v1.2`, or the 40 hex digits of a commit. */
export interface GitReference {
  readonly kind: 'branch' | 'tag' | 'commit'
  readonly name: string
}

const longestName = 200

/**
 * @throws Failure GIT_REFERENCE_INVALID for anything that git-check-ref-format(1) refuses, that could be taken for an
 *   option or a pattern, or that holds `__proto__`; GIT_SHA256_UNSUPPORTED for 64 hex digits
 */
export function checkReference(reference: GitReference): void {
  const { kind, name } = reference
  if (kind !== 'commit') checkReferenceName(name)
  else if (/^[0-9a-f]{64}$/.test(name)) throw gitFailure('GIT_SHA256_UNSUPPORTED', name)
  else if (!/^[0-9a-f]{40}$/.test(name)) throw invalid(name, 'is not 40 hexadecimal digits')
}

/** Full name on the server: `refs/heads/main`; of a commit it is the commit itself. */
export function remoteReference(reference: GitReference): string {
  switch (reference.kind) {
    case 'branch':
      return `refs/heads/${reference.name}`
    case 'tag':
      return `refs/tags/${reference.name}`
    case 'commit':
      return reference.name
    default:
      return unreachable(reference.kind)
  }
}

/** Name of a branch or a tag. @throws Failure GIT_REFERENCE_INVALID */
export function checkReferenceName(name: string): void {
  if (name === '' || name.length > longestName) throw invalid(name, `is empty or longer than ${longestName} characters`)
  if (name.startsWith('-')) throw invalid(name, 'starts with "-"')
  if (name === '@' || name.includes('@{')) throw invalid(name, 'holds "@{", or is "@"')
  if (hasControlCharacter(name) || name.includes(' ')) {
    throw invalid(name, 'holds a space or a control character')
  }
  if (/[~^:?*[\\]/.test(name)) throw invalid(name, 'holds one of ~ ^ : ? * [ \\')
  if (name.includes('..')) throw invalid(name, 'holds ".."')
  for (const part of name.split('/')) {
    if (part === '') throw invalid(name, 'begins or ends with "/", or holds "//"')
    if (part.startsWith('.') || part.endsWith('.') || part.endsWith('.lock')) {
      throw invalid(name, 'has a part that begins or ends with ".", or ends with ".lock"')
    }
    // Libraries keep references in plain objects, where this name reaches what all objects share.
    if (part === '__proto__') throw invalid(name, 'has a part named __proto__')
  }
}

function invalid(name: string, why: string): Failure {
  return gitFailure('GIT_REFERENCE_INVALID', JSON.stringify(name.slice(0, longestName)), why)
}

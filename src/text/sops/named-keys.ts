import type { IsEncryptedBelow } from './open-tree.ts'
import type { EncryptionRule } from './sops-metadata.ts'

/** `^(data|stringData)$`: the expression nearly everybody writes, which names keys and nothing else. */
const names = /^\^(?:\(([\w|-]+)\)|([\w-]+))\$$/

/**
 * A file's rule where it can be told without running an expression of the repository: it holds for a value when it fits
 * any of the keys above it.
 * @returns undefined for any other expression
 * @see getsops/sops sops.go (`shouldBeEncrypted`)
 */
export function ruleByNames(rule: EncryptionRule): IsEncryptedBelow | undefined {
  const { encrypts } = rule
  if (rule.kind === 'suffix') return (path) => path.some((key) => key.endsWith(rule.suffix)) === encrypts
  const match = names.exec(rule.pattern)
  if (match === null) return undefined
  const named = new Set((match[1] ?? match[2] ?? '').split('|'))
  // An empty alternative fits an empty key only, which nobody writes on purpose.
  return (path) => path.some((key) => named.has(key)) === encrypts
}

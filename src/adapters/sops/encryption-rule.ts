import { runInNewContext } from 'node:vm'
import { type Result, refusal, success } from '../../domain/result.ts'
import { ruleByNames } from '../../text/sops/named-keys.ts'
import type { IsEncryptedBelow } from '../../text/sops/open-tree.ts'
import type { EncryptionRule } from '../../text/sops/sops-metadata.ts'
import type { TypedMap, TypedTree } from '../../text/sops/typed-tree.ts'

/** A pattern from the repository that is built to take for ever ends here. */
const longestMatchMs = 500

/**
 * A file's rule as a function: it holds for a value when it fits any of the keys above it.
 * @returns refused, with what is wrong, for a pattern that is none or does not come to an end
 * @see getsops/sops sops.go (`shouldBeEncrypted`)
 */
export function encryptionRule(rule: EncryptionRule, documents: readonly TypedMap[]): Result<IsEncryptedBelow, string> {
  const byNames = ruleByNames(rule)
  if (byNames !== undefined) return success(byNames)
  const keys = new Set<string>()
  for (const document of documents) collectKeys(document, keys)
  const matching = matchingKeys(patternOf(rule), [...keys])
  if (matching === undefined) return refusal(`${JSON.stringify(patternOf(rule))} is no expression that can be used`)
  return success((path) => path.some((key) => matching.has(key)) === rule.encrypts)
}

/** Suffixes never come here. */
function patternOf(rule: EncryptionRule): string {
  return rule.kind === 'pattern' ? rule.pattern : ''
}

function collectKeys(tree: TypedTree, keys: Set<string>): void {
  if (tree.kind === 'list') for (const item of tree.items) collectKeys(item, keys)
  if (tree.kind !== 'map') return
  for (const { key, value } of tree.entries) {
    keys.add(key)
    collectKeys(value, keys)
  }
}

/** What Go's expressions and JavaScript's write alike and mean otherwise, or only one of them has. */
const notShared = /\\[AzZpPQEC1-9]|\(\?(?!:)|\[\[:/

function matchingKeys(pattern: string, keys: readonly string[]): ReadonlySet<string> | undefined {
  const flags = /^\(\?([is]+)\)/.exec(pattern)
  const source = flags === null ? pattern : pattern.slice(flags[0].length)
  if (notShared.test(source)) return undefined
  try {
    const expression = 'keys.map((key) => new RegExp(source, flags).test(key))'
    const found: unknown = runInNewContext(
      expression,
      { keys, source, flags: flags?.[1] ?? '' },
      { timeout: longestMatchMs },
    )
    return new Set(keys.filter((_, index) => Array.isArray(found) && found[index] === true))
  } catch {
    return undefined
  }
}

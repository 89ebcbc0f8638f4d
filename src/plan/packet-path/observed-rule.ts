import type { SavedRule } from '../../domain/saved-tables.ts'
import type { CompiledRule } from './compiled-rule.ts'
import { matchTest, type ObservedContext } from './observed-matches.ts'
import { targetEffect } from './observed-targets.ts'
import { readOptions } from './observed-words.ts'

/** One rule as `iptables-save` printed it. What cannot be foretold, or is not known here, holds maybe. */
export function compileObservedRule(rule: SavedRule, context: ObservedContext): CompiledRule {
  const { options, target } = readOptions(rule.words)
  const tests = options.flatMap((option) => matchTest(option, context) ?? [])
  return {
    tests,
    effect: targetEffect(target, context.chains),
    text: () => rule.line,
    isChoice: options.some(
      ({ module, name }) => module === 'statistic' && (name === '--probability' || name === '--every'),
    ),
  }
}

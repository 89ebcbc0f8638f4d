import { allRules, findRule } from '../lint/catalogue.ts'
import type { Rule } from '../lint/rule.ts'
import { closestWord } from '../text/suggest.ts'

export type RuleChoice =
  | { readonly kind: 'all' }
  | { readonly kind: 'some'; readonly rules: readonly Rule[] }
  | { readonly kind: 'unknown'; readonly message: string }

/** @param written ids or codes with commas between them: `net-overlap,CFG_DUPLICATE_KEY` */
export function chooseRules(written: string | boolean | undefined): RuleChoice {
  if (typeof written !== 'string') return { kind: 'all' }
  const words = written.split(',').map((word) => word.trim())
  const rules = words.flatMap((word) => findRule(word) ?? [])
  const missing = words.find((word) => findRule(word) === undefined)
  if (missing === undefined) return { kind: 'some', rules }
  const near = closestWord(
    missing,
    allRules.map(({ id }) => id),
  )
  const hint = near === undefined ? 'fairlead explain rules lists them' : `did you mean ${near}?`
  return { kind: 'unknown', message: `there is no rule ${JSON.stringify(missing)}; ${hint}` }
}

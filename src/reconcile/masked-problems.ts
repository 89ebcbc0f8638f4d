import { secretMask } from '../domain/k3s-config-reading.ts'
import type { Problem } from '../domain/problem.ts'
import type { EffectiveSettings } from '../k3s/config/effective-settings.ts'
import { lineOfSecretValue, secretPartsOf } from '../text/secret-values.ts'

/** Shorter parts would be found in words that have nothing to do with them. */
const shortestPart = 4

/**
 * The same problems without a word of what these settings keep secret: in a value that a rule quotes it is masked, and a
 * line that may hold one is not shown.
 */
export function maskedProblems(problems: readonly Problem[], settings: readonly EffectiveSettings[]): Problem[] {
  const parts = [...new Set(settings.flatMap(secretsOf))].sort((a, b) => b.length - a.length)
  const open = (text: string): string => parts.reduce((now, part) => now.replaceAll(part, secretMask), text)
  return problems.map(({ sourceLine, ...problem }) => {
    const isShown =
      sourceLine !== undefined &&
      lineOfSecretValue(sourceLine) === undefined &&
      !parts.some((part) => sourceLine.includes(part))
    return {
      ...problem,
      what: open(problem.what),
      why: open(problem.why),
      fix: open(problem.fix),
      ...(isShown ? { sourceLine } : {}),
    }
  })
}

function secretsOf(settings: EffectiveSettings): readonly string[] {
  return [...settings.values()].flatMap(({ key, values }) =>
    values.flatMap(({ text }) =>
      secretPartsOf(key, text)
        .flatMap((part) => [part, JSON.stringify(part).slice(1, -1), ...part.split('\n')])
        .filter((part) => part !== secretMask && part.trim().length >= shortestPart),
    ),
  )
}

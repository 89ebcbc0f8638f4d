import type { Problem, Severity } from '../domain/problem.ts'
import { findRule } from '../lint/catalogue.ts'

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  notice: 'note',
}

/**
 * Problems in the format that code hosts show beside the line they are about.
 * @see OASIS Static Analysis Results Interchange Format (SARIF) 2.1.0
 */
export function problemsAsSarif(problems: readonly Problem[], version: string): object {
  const codes = [...new Set(problems.map((problem) => problem.code))].sort()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'fairlead', semanticVersion: version, rules: codes.map(ruleOf) },
        },
        columnKind: 'unicodeCodePoints',
        results: problems.map((problem) => resultOf(problem, codes)),
      },
    ],
  }
}

/** What is the same for every finding: a code host shows it for all of them. */
function ruleOf(code: string): object {
  const rule = findRule(code)
  return {
    id: code,
    ...(rule === undefined ? {} : { name: rule.id }),
    shortDescription: { text: rule?.title ?? `a problem of the documents or files themselves: ${code}` },
    fullDescription: {
      text: rule?.why ?? 'No rule of the catalogue has this code; each finding says what is wrong and why.',
    },
    help: { text: rule?.fix ?? 'Each finding says what mends it.' },
    defaultConfiguration: { level: levels[rule?.severity ?? 'error'] },
  }
}

function resultOf({ code, severity, place, what, why, fix }: Problem, codes: readonly string[]): object {
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: levels[severity],
    message: { text: `${what}. Why: ${why}. Fix: ${fix}.` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(place.file) },
          region: { startLine: place.line, startColumn: place.column },
        },
      },
    ],
  }
}

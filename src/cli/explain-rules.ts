import { allRules, ruleGroups } from '../lint/catalogue.ts'
import { codeOfRule, type UnruledEntry } from '../lint/rule.ts'
import { closestWord } from '../text/suggest.ts'
import type { ExplainStyle } from './explain-style.ts'
import { wrapText } from './wrap-text.ts'

/** Every rule with its severity and its title, by group. */
export function formatRuleList({ colours: { bold }, columns }: ExplainStyle): string {
  const width = Math.max(...allRules.map(({ id }) => id.length))
  const groups = ruleGroups.map(({ title, rules, notApplicable }) => {
    const rows = rules.map((rule) => {
      const head = `  ${rule.id.padEnd(width)}  ${rule.severity.padEnd(7)}  `
      return `${head}${wrapText(rule.title, columns, head.length).trimStart()}`
    })
    const unruled = notApplicable.length === 0 ? '' : `  not checked: ${notApplicable.map(({ id }) => id).join(', ')}\n`
    return `${bold(title)}\n${rows.join('')}${wrapText(unruled, columns, 2)}`
  })
  return `${groups.join('\n')}\nfairlead explain <rule> tells why\n`
}

/** An entry of the catalogue that is no rule, by its id or the code that its findings would have. */
export function findUnruled(word: string): UnruledEntry | undefined {
  const entries = ruleGroups.flatMap((group) => group.notApplicable)
  return entries.find(({ id }) => id === word || codeOfRule(id) === word)
}

export function formatUnruled({ id, reason }: UnruledEntry, { colours: { bold }, columns }: ExplainStyle): string {
  return `${bold('ENTRY')}    ${id}\n\nNot checked by a rule of its own:\n${wrapText(reason, columns, 2)}`
}

/** The rule that was probably meant, in the form that was written: an id, or a code. */
export function closestRule(word: string): string | undefined {
  const isCode = isProblemCode(word)
  return closestWord(
    word,
    allRules.map(({ id }) => (isCode ? codeOfRule(id) : id)),
  )
}

/** `CIDR_HOST_BITS`: in the form that codes have. */
export function isProblemCode(word: string): boolean {
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(word)
}

/** Codes without a rule are those of the reading: of documents, YAML, Git, Kubernetes. */
export function formatOtherCode(code: string, { columns }: ExplainStyle): string {
  const meant = closestRule(code)
  return wrapText(
    `No rule has the code ${code}${meant === undefined ? '.' : `; did you mean ${meant}?`} Codes without a rule are problems of the documents and files themselves, of their form and their values; each is told with its why and its fix where it is found. fairlead validate shows all of them, and fairlead explain <field> says what a field takes.`,
    columns,
    0,
  )
}

import type { Flag } from '../../k3s/flags/flag.ts'
import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import type { Rule } from '../rule.ts'

export const valueType: Rule = {
  id: 'cfg-value-type',
  severity: 'error',
  title: 'a value that the option cannot take',
  why: 'K3s parses switches and numbers before anything else, and ends with a usage text over one that it cannot read',
  fix: 'write a switch as true or false, and a number in digits',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['golang/go src/flag/flag.go (boolValue, intValue)', 'k3s-io/k3s pkg/cli/cmds/server.go, agent.go'],
  check: (subject) =>
    subject.nodes.flatMap((node) =>
      [...node.settings.values()].flatMap(({ key, values }) => {
        const flag = findFlag(key)
        const form = flag === undefined ? undefined : formOf(flag)
        // An empty text is told of by cfg-null-nonstring.
        if (form === undefined) return []
        return values
          .filter(({ text }) => text !== '' && !form.is.test(text))
          .map(({ text, at }) => ({ at, what: `${key} ${JSON.stringify(text)} is not ${form.name}`, fix: form.fix }))
      }),
    ),
}

interface ValueForm {
  readonly name: string
  readonly is: RegExp
  readonly fix: string
}

function formOf({ type, name, default: usual }: Flag): ValueForm | undefined {
  if (type === 'boolean') return { name: 'true or false', is: goBoolean, fix: 'write true or false, without quotes' }
  if (type !== 'integer') return undefined
  const example = usual === undefined ? '' : `, like ${usual}`
  return { name: 'a whole number', is: goInteger, fix: `write ${name} in digits${example}` }
}

/** @see golang/go src/strconv/atob.go */
const goBoolean = /^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/
/** With base 0, as package flag asks for it: decimal, 0x, 0o or 0, 0b. @see golang/go src/strconv/atoi.go */
const goInteger = /^[+-]?(0|[1-9][\d_]*|0[xX][\da-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+)$/

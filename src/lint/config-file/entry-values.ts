import type { ConfigEntry, ConfigScalar } from '../../domain/k3s-config-reading.ts'
import type { Flag } from '../../k3s/flags/flag.ts'
import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { inEntries, placeOnly, scalarsOf } from './config-readings.ts'

const yaml11 = 'yaml.org YAML 1.1 types bool and int'
const parser = 'k3s-io/k3s pkg/configfilearg/parser.go'

export const entryValueRules: readonly Rule[] = [
  {
    id: 'cfg-map-value',
    severity: 'error',
    title: 'a mapping where K3s takes a value or a list',
    why: 'K3s prints it in the form of its own language and hands that text to the option',
    fix: 'write a value, or a list of key=value texts',
    versions: 'every version',
    looksAt: ['config-files'],
    sources: [parser],
    check: (subject) => inEntries(subject, nestedValue),
  },
  {
    id: 'cfg-null-nonstring',
    severity: 'error',
    title: 'no value for a switch or a number',
    why: 'K3s hands over an empty text, which is neither, and does not start',
    fix: 'write a value, or take the key away',
    versions: 'every version',
    looksAt: ['settings', 'config-files'],
    sources: [parser],
    check: (subject) => [...emptyEntries(subject), ...emptySettings(subject)],
  },
  {
    id: 'cfg-bool-typed-string',
    severity: 'warning',
    title: 'a word that YAML 1.1 takes for a switch, or a switch in quotes',
    why: 'unquoted yes, no, on and off become true or false before K3s sees them, quoted ones stay words',
    fix: 'write switches as bare true or false, and quote every text',
    versions: 'every version',
    looksAt: ['config-files'],
    sources: [parser, yaml11],
    check: (subject) =>
      inEntries(subject, (entry, flag) =>
        flag === undefined ? [] : scalarsOf(entry).flatMap((scalar) => switchWord(entry, scalar, flag)),
      ),
  },
  {
    id: 'cfg-octal',
    severity: 'warning',
    title: 'a bare number that begins with 0',
    why: 'YAML 1.1 reads it as octal, and K3s gets the decimal digits of that',
    fix: 'put it into quotes',
    versions: 'every version',
    looksAt: ['config-files'],
    sources: [parser, yaml11],
    check: (subject) =>
      inEntries(subject, (entry, flag) =>
        scalarsOf(entry)
          .filter((scalar) => !scalar.isQuoted && scalar.type === 'integer' && /^[+-]?0[0-7_]+$/.test(scalar.source))
          .map((scalar) => readOtherwise(entry, scalar, flag)),
      ),
  },
]

function nestedValue({ key, value, at }: ConfigEntry): readonly Finding[] {
  if (value.kind === 'map') return [{ at, what: `the value of ${key} is a mapping` }]
  if (value.kind === 'scalar') return []
  if (value.items.some((item) => item.kind === 'map')) return [{ at, what: `an item of ${key} is a mapping` }]
  if (!value.items.some((item) => item.kind === 'list')) return []
  return [
    {
      at,
      what: `an item of ${key} is a list`,
      why: 'K3s takes the first item of the inner list and drops the others',
      fix: 'write every value as an item of one list',
    },
  ]
}

function emptyEntries(subject: LintSubject): Finding[] {
  return inEntries(subject, (entry, flag) =>
    flag !== undefined && needsValue(flag) && entry.value.kind === 'scalar' && entry.value.text === ''
      ? [emptyValue(flag, entry.value.at)]
      : [],
  )
}

function emptySettings(subject: LintSubject): Finding[] {
  return subject.nodes.flatMap((node) =>
    [...node.settings.values()].flatMap((setting) => {
      const flag = findFlag(setting.key)
      if (flag === undefined || !needsValue(flag)) return []
      return setting.values.filter((value) => value.text === '').map((value) => emptyValue(flag, value.at))
    }),
  )
}

function needsValue(flag: Flag): boolean {
  return flag.type === 'boolean' || flag.type === 'integer'
}

function emptyValue(flag: Flag, at: Finding['at']): Finding {
  return { at, what: `${flag.name} takes ${flag.type === 'boolean' ? 'true or false' : 'a number'} and has no value` }
}

function switchWord(entry: ConfigEntry, scalar: ConfigScalar, flag: Flag): readonly Finding[] {
  if (flag.type === 'boolean') {
    if (!scalar.isQuoted || scalar.text === '') return []
    return /^(1|0|t|f|true|false)$/i.test(scalar.text)
      ? [{ at: scalar.at, severity: 'notice', what: `the switch ${entry.key} is written in quotes` }]
      : [{ at: scalar.at, what: `${JSON.stringify(scalar.text)} in quotes is no switch for ${entry.key}` }]
  }
  if (flag.type === 'integer' || scalar.isQuoted || scalar.type !== 'boolean') return []
  return [readOtherwise(entry, scalar, flag)]
}

/** A token may look like a number or a switch as well, and is not repeated. */
function readOtherwise({ key }: ConfigEntry, { at, source: written, text }: ConfigScalar, flag?: Flag): Finding {
  if (flag?.isSecret === true)
    return { at: placeOnly(at), what: `K3s does not get the value of ${key} as it is written` }
  return { at, what: `${key} is written ${written}, and K3s gets ${text}` }
}

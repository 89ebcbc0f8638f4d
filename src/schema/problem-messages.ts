import type * as z from 'zod'
import { withoutCredentials } from '../text/address-credentials.ts'
import { namesSecret } from '../text/secret-names.ts'
import { lineOfSecretValue } from '../text/secret-values.ts'
import { closestWord } from '../text/suggest.ts'
import type { DocumentKind, DocumentPath } from './documents.ts'
import { printFieldPath } from './field-path.ts'
import { formMessage, type MessageText } from './form-messages.ts'
import { jsonSchema, schemaAt } from './json-schema.ts'
import { ruleMessage } from './rule-messages.ts'
import { valueAt } from './value-at.ts'
import type { FormName } from './value-forms.ts'

type Issue = z.core.$ZodIssue

/** One thing to tell about a document, and where: at the key itself, or at the value. */
export interface SchemaMessage extends MessageText {
  readonly path: DocumentPath
  readonly at: 'key' | 'value'
}

/** The validator's issues in our words. One issue may be several messages: each unknown field is told at its own place. */
export function schemaMessages(kind: DocumentKind, issue: Issue, document: unknown): readonly SchemaMessage[] {
  const path = issue.path.filter((segment) => typeof segment !== 'symbol')
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(kind, path, key))
  const value = valueAt(document, path)
  if (issue.code === 'invalid_key') {
    const key = path.at(-1) ?? ''
    const text = formMessage(
      formOf(issue.issues[0]) ?? 'label',
      `${printFieldPath(path.slice(0, -1))} key`,
      key,
      quote(key),
    )
    return [{ ...text, path, at: 'key' }]
  }
  return [{ ...valueMessage(kind, issue, path, value), path, at: 'value' }]
}

function valueMessage(kind: DocumentKind, issue: Issue, path: DocumentPath, value: unknown): MessageText {
  const name = printFieldPath(path)
  const shown = shownValue(path, value)
  if (value === undefined) return missingField(kind, path, name)
  if (value === null) return nullValue(name)
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, name, value, shown)
    case 'invalid_value':
      return unknownValue(issue.values, name, value, shown)
    case 'too_small':
    case 'too_big':
      return outOfRange(issue, name, shown)
    case 'invalid_union':
      return formMessage(unionForm(path), name, value, shown)
    case 'custom':
      return customMessage(issue, name, value, shown)
    case 'not_multiple_of':
    case 'invalid_format':
    case 'invalid_element':
    case 'invalid_key':
    case 'unrecognized_keys':
      return {
        code: 'VALUE_INVALID',
        what: `${name} ${shown} is not what belongs here`,
        why: 'the value has another form',
        fix: `see fairlead explain ${kind}.${name}`,
      }
    default:
      return issue satisfies never
  }
}

function unknownField(kind: DocumentKind, parent: DocumentPath, key: string): SchemaMessage {
  const siblings = Object.keys(schemaAt(jsonSchema(kind), parent)?.properties ?? {})
  const meant = closestWord(key, siblings)
  const where = parent.length === 0 ? kind : printFieldPath(parent)
  return {
    code: 'UNKNOWN_FIELD',
    what: `${where} has no field ${quote(key)}`,
    why: 'a field that nobody reads would look as if it did something',
    fix: meant === undefined ? `fields here: ${siblings.join(', ')}` : `did you mean ${meant}?`,
    path: [...parent, key],
    at: 'key',
  }
}

function missingField(kind: DocumentKind, path: DocumentPath, name: string): MessageText {
  const description = schemaAt(jsonSchema(kind), path)?.description?.replace(/\.$/, '')
  return {
    code: 'REQUIRED_FIELD',
    what: `${name} is missing`,
    why: 'it has no default, so nothing can stand in for it',
    fix: `write ${String(path.at(-1))} here${description === undefined ? '' : `. ${description}`}`,
  }
}

function nullValue(name: string): MessageText {
  return {
    code: 'NULL_VALUE',
    what: `${name} is empty`,
    why: 'an empty value (null) does not delete anything, and is not the default',
    fix: 'write a value ({} or [] for an empty object or list), or take the key out',
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with fields',
  record: 'an object with fields',
}

function wrongType(expected: string, name: string, value: unknown, shown: string): MessageText {
  const wanted = typeNames[expected] ?? expected
  const isTextWanted = expected === 'string'
  const couldBeQuoted = typeof value === 'number' || typeof value === 'boolean'
  const couldBeUnquoted = typeof value === 'string' && /^(\d+|true|false)$/.test(value)
  return {
    code: 'WRONG_TYPE',
    what: `${name} ${shown} is not ${wanted}`,
    why: `the field takes ${wanted}`,
    fix:
      isTextWanted && couldBeQuoted
        ? 'write it in quotes'
        : !isTextWanted && couldBeUnquoted
          ? 'write it without quotes'
          : expected === 'array'
            ? 'write a list: [ ... ], or lines that begin with "- "'
            : `write ${wanted}`,
  }
}

function unknownValue(values: readonly unknown[], name: string, value: unknown, shown: string): MessageText {
  const allowed = values.map(String)
  const meant = typeof value === 'string' ? closestWord(value, allowed) : undefined
  return {
    code: 'UNKNOWN_VALUE',
    what: `${name} ${shown} is not one of its values`,
    why: `it takes ${allowed.join(', ')}`,
    fix: meant === undefined ? 'write one of them' : `did you mean ${meant}?`,
  }
}

function outOfRange(
  issue: Extract<Issue, { code: 'too_small' | 'too_big' }>,
  name: string,
  shown: string,
): MessageText {
  const limit = issue.code === 'too_small' ? `at least ${String(issue.minimum)}` : `at most ${String(issue.maximum)}`
  if (issue.origin === 'array') {
    return {
      code: issue.code === 'too_small' ? 'TOO_FEW_ITEMS' : 'TOO_MANY_ITEMS',
      what: `${name} has too ${issue.code === 'too_small' ? 'few' : 'many'} items`,
      why: `it takes ${limit}`,
      fix: issue.code === 'too_small' ? 'add one, or take the field out' : 'take some out',
    }
  }
  return {
    code: 'OUT_OF_RANGE',
    what: `${name} ${shown} is too ${issue.code === 'too_small' ? 'small' : 'large'}`,
    why: `it takes ${limit}`,
    fix: `write ${limit}`,
  }
}

function customMessage(
  issue: Extract<Issue, { code: 'custom' }>,
  name: string,
  value: unknown,
  shown: string,
): MessageText {
  const form = formOf(issue)
  return form === undefined ? ruleMessage(issue.params, name) : formMessage(form, name, value, shown)
}

/** Fields that take one of several forms, and which message tells them. */
const unionForms: Readonly<Record<string, FormName>> = {
  ports: 'portRange',
  notPorts: 'portRange',
  sourcePorts: 'portRange',
  protocol: 'filterProtocol',
  icmpType: 'icmpType',
  mss: 'segmentSize',
}

function unionForm(path: DocumentPath): FormName {
  const field = path.findLast((segment) => typeof segment === 'string') ?? ''
  const isFirewall = path[0] === 'spec' && path[1] === 'firewall'
  return (isFirewall && Object.hasOwn(unionForms, field) ? unionForms[field] : undefined) ?? 'flagValue'
}

function formOf(issue: Issue | undefined): FormName | undefined {
  const params = issue?.code === 'custom' ? issue.params : undefined
  return params?.['form'] as FormName | undefined
}

/** The value as it may be shown: short, without credentials, and never where the field could hold a secret. */
function shownValue(path: DocumentPath, value: unknown): string {
  if (path.some((segment) => typeof segment === 'string' && namesSecret(segment))) return '(not shown)'
  if (Array.isArray(value)) return '(a list)'
  return typeof value === 'object' && value !== null ? '(an object)' : quote(value)
}

function quote(value: unknown): string {
  const start = typeof value === 'string' ? value.slice(0, 200) : String(value)
  // An address that goes on behind the cut may have its `@` there.
  const isCutAddress = start.length === 200 && start.includes('://')
  const open = withoutCredentials(start)
  if (isCutAddress || lineOfSecretValue(open.replaceAll('********@', '')) !== undefined) return '(not shown)'
  const text = typeof value === 'string' ? JSON.stringify(open) : open
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

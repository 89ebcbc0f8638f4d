import { expect, test } from 'vitest'
import {
  type StructuralSchema,
  structuralSchema,
  type WrittenSchema,
} from '../../../src/schema/api/structural-schema.ts'

const free = { 'x-kubernetes-preserve-unknown-fields': true } as const

const cases: readonly {
  readonly name: string
  readonly written: WrittenSchema
  readonly structural: StructuralSchema
}[] = [
  {
    name: 'a text keeps its limits and its description',
    written: { type: 'string', minLength: 1, maxLength: 9, pattern: '^a$', description: 'A.' },
    structural: { type: 'string', minLength: 1, maxLength: 9, pattern: '^a$', description: 'A.' },
  },
  {
    name: 'a default is not filled in by the server',
    written: { type: 'boolean', default: true },
    structural: { type: 'boolean' },
  },
  { name: 'a constant', written: { type: 'string', const: 'a' }, structural: { type: 'string', enum: ['a'] } },
  { name: 'anything at all', written: {}, structural: free },
  { name: 'anything, described', written: { description: 'A.' }, structural: { description: 'A.', ...free } },
  {
    name: 'an object with fields is closed by listing them',
    written: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false },
    structural: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] },
  },
  {
    name: 'an object with free keys',
    written: { type: 'object', propertyNames: { pattern: 'x' }, additionalProperties: { type: 'string' } },
    structural: { type: 'object', additionalProperties: { type: 'string' } },
  },
  {
    name: 'an object with free content',
    written: { type: 'object', propertyNames: {}, additionalProperties: {} },
    structural: { type: 'object', ...free },
  },
  {
    name: 'a list is replaced as a whole',
    written: { type: 'array', items: { type: 'string' }, minItems: 1 },
    structural: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'string' }, minItems: 1 },
  },
  {
    name: 'a list that is merged by keys',
    written: {
      type: 'array',
      items: { type: 'object', properties: { type: { type: 'string' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
    structural: {
      type: 'array',
      items: { type: 'object', properties: { type: { type: 'string' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
  },
  {
    name: 'a number or a text',
    written: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'string' }], description: 'A.' },
    structural: { description: 'A.', 'x-kubernetes-int-or-string': true },
  },
  {
    name: 'one of several constants',
    written: {
      anyOf: [
        { type: 'number', const: 4 },
        { type: 'number', const: 6 },
      ],
    },
    structural: { type: 'number', enum: [4, 6] },
  },
  {
    name: 'alternatives that have nothing in common',
    written: {
      anyOf: [
        { anyOf: [{ type: 'string' }, { type: 'boolean' }] },
        { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'boolean' }] } },
      ],
    },
    structural: free,
  },
]

test.each(cases)('structural: $name', ({ written, structural }) => {
  expect(structuralSchema(written)).toEqual(structural)
})

test.each(['$ref', 'oneOf', 'not', 'patternProperties', 'uniqueItems', 'exclusiveMinimum', 'multipleOf'])(
  'the keyword %s is not lost in silence',
  (keyword) => {
    expect(() => structuralSchema({ type: 'object', properties: { a: { [keyword]: 1 } } })).toThrow(keyword)
  },
)

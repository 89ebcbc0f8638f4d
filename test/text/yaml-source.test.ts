import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toYaml } from '../../src/text/yaml-print.ts'
import { documentOptions, readYaml } from '../../src/text/yaml-source.ts'

function read(text: string, options: Partial<typeof documentOptions> = {}) {
  const { documents, problems } = readYaml('f.yaml', text, { ...documentOptions, ...options })
  return { document: documents[0], documents, problems, value: documents[0]?.value }
}

function placeOf(text: string, path: (string | number)[]): string {
  const located = read(text).document?.place(path)
  return `${located?.place.line}:${located?.place.column}`
}

function found(text: string, options: Partial<typeof documentOptions> = {}): string[] {
  return read(text, options).problems.map(({ code, place }) => `${place.line}:${place.column} ${code}`)
}

describe('places', () => {
  const text = [
    'spec:',
    '  name: edge',
    '  list:',
    '    - a: 1',
    '    - b',
    '  flow: { x: [1, 2] }',
    '  empty:',
    '',
  ].join('\n')

  test('a value on one line is found at its start, a block at its key', () => {
    expect(placeOf(text, ['spec', 'name'])).toBe('2:9')
    expect(placeOf(text, ['spec', 'list'])).toBe('3:3')
    expect(placeOf(text, ['spec', 'list', 0])).toBe('4:7')
    expect(placeOf(text, ['spec', 'list', 1])).toBe('5:7')
    expect(placeOf(text, ['spec', 'flow', 'x', 1])).toBe('6:18')
  })

  test('an empty value is found at its key', () => {
    expect(placeOf(text, ['spec', 'empty'])).toBe('7:3')
  })

  test('what is not written is found at its deepest written parent', () => {
    expect(placeOf(text, ['spec', 'list', 0, 'missing', 'x'])).toBe('4:7')
    expect(placeOf(text, ['spec', 'nothing'])).toBe('1:1')
    expect(placeOf(text, ['spec', 'list', 9])).toBe('3:3')
  })

  test('a key is found at itself, and its line comes along', () => {
    const located = read(text).document?.keyPlace(['spec', 'name'])
    expect(located).toEqual({ place: { file: 'f.yaml', line: 2, column: 3 }, sourceLine: '  name: edge' })
  })

  test('aliases and merge keys lead to where the value is written', () => {
    const aliased = ['base: &b', '  x: 1', '  y: 2', 'own:', '  <<: *b', '  y: 3', 'other: *b', ''].join('\n')
    expect(read(aliased).value).toEqual({ base: { x: 1, y: 2 }, own: { x: 1, y: 3 }, other: { x: 1, y: 2 } })
    expect(placeOf(aliased, ['own', 'x'])).toBe('2:6')
    expect(placeOf(aliased, ['own', 'y'])).toBe('6:6')
    expect(placeOf(aliased, ['other', 'y'])).toBe('3:6')
  })

  test('a line that may hold a secret does not come along', () => {
    expect(read('db:\n  password: hunter2\n').document?.place(['db', 'password'])).toEqual({
      place: { file: 'f.yaml', line: 2, column: 13 },
    })
  })

  test('a byte order mark and Windows line ends shift nothing', () => {
    const { value, document } = read('\uFEFFa: 1\r\nb: 2\r\n')
    expect(value).toEqual({ a: 1, b: 2 })
    expect(document?.place(['b'])).toEqual({ place: { file: 'f.yaml', line: 2, column: 4 }, sourceLine: 'b: 2' })
  })
})

describe('merge keys', () => {
  test('the first source wins over later ones, and written keys over both', () => {
    expect(read('a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\n').value).toMatchObject({
      c: { x: 1, y: 2, z: 3 },
    })
  })

  test('a source that is no mapping is refused', () => {
    expect(found('a: {<<: 3}')).toEqual(['1:5 MERGE_NOT_MAPPING'])
  })
})

describe('what is refused', () => {
  const cases: { name: string; text: string; expected: string[] }[] = [
    { name: 'a duplicate key', text: 'a: 1\nb: 2\na: 3\n', expected: ['3:1 DUPLICATE_KEY'] },
    { name: 'a tab as indentation', text: 'a:\n\tb: 1\n', expected: ['2:1 YAML_SYNTAX'] },
    {
      name: 'every syntax error, not only the first',
      text: 'a: [1, 2\nb: }\n',
      expected: ['2:1 YAML_SYNTAX', '2:4 YAML_SYNTAX'],
    },
    { name: 'an unknown alias', text: 'a: *x\n', expected: ['1:4 ALIAS_UNKNOWN'] },
    { name: 'an alias inside its own value', text: 'a: &a [*a]\n', expected: ['1:8 ALIAS_CYCLE'] },
    { name: 'a directive', text: '%YAML 1.1\n---\na: yes\n', expected: ['1:1 YAML_DIRECTIVE'] },
    { name: 'an unknown tag', text: 'a: !binary x\n', expected: ['1:4 YAML_SYNTAX'] },
    { name: 'a list as key', text: '? [a]\n: 1\n', expected: ['1:3 KEY_NOT_TEXT'] },
    { name: 'NUL', text: 'a: 1\nb: x\u0000y\n', expected: ['2:5 CONTROL_CHARACTER'] },
    { name: 'half a surrogate pair', text: 'a: "\uD800"', expected: ['1:1 CONTROL_CHARACTER'] },
    { name: 'a second document', text: 'a: 1\n---\nb: 2\n', expected: ['2:1 TOO_MANY_DOCUMENTS'] },
    {
      name: 'keys that JavaScript could mistake for its own',
      text: '__proto__: {x: 1}\na: {constructor: 1, prototype: 2}\n',
      expected: ['1:1 FORBIDDEN_KEY', '2:5 FORBIDDEN_KEY', '2:21 FORBIDDEN_KEY'],
    },
  ]
  for (const { name, text, expected } of cases) test(name, () => expect(found(text)).toEqual(expected))

  test('a forbidden key never reaches the value', () => {
    const { value } = read('__proto__: {polluted: true}\na: 1\n')
    expect(Object.keys(value ?? {})).toEqual(['a'])
    expect(value).not.toHaveProperty('polluted')
  })

  test('a syntax error leaves no document, so that nobody uses half of it', () => {
    expect(read('a: 1\nb: [\n').documents).toEqual([])
  })

  test('a file with endless errors is told once that it has', () => {
    const { problems } = read('a: 1\n'.repeat(500))
    expect(problems).toHaveLength(101)
    expect(problems.at(-1)?.code).toBe('TOO_MANY_PROBLEMS')
  })
})

describe('scalars that Kubernetes reads otherwise', () => {
  test('ask for quotes, as values and as keys', () => {
    expect(found('a: no\nb: [Yes, y]\non: 1\nc: 0755\nd: 1_000\ne: 0b11\nf: -0x1_f\n')).toEqual([
      '1:4 AMBIGUOUS_SCALAR',
      '2:5 AMBIGUOUS_SCALAR',
      '2:10 AMBIGUOUS_SCALAR',
      '3:1 AMBIGUOUS_SCALAR',
      '4:4 AMBIGUOUS_SCALAR',
      '5:4 AMBIGUOUS_SCALAR',
      '6:4 AMBIGUOUS_SCALAR',
      '7:4 AMBIGUOUS_SCALAR',
    ])
  })

  test('are fine in quotes, and so is everything that both read alike', () => {
    const text =
      'a: "no"\nb: \'0755\'\nc: 0o755\nd: 1:30\ne: 2026-01-01\nf: true\ng: yEs\nh: 0\ni: 0.5\nj: 1e3\nk: 0x1f\n'
    expect(found(text)).toEqual([])
  })

  test('are left to Kubernetes in its own manifests', () => {
    expect(found('defaultMode: 0644\n', { refuseAmbiguous: false })).toEqual([])
  })
})

describe('bytes', () => {
  test('invalid UTF-8 is found at its first byte', () => {
    const { problems } = readYaml(
      'f.yaml',
      Buffer.from([0x61, 0x3a, 0x20, 0x31, 0x0a, 0x62, 0xff, 0x62]),
      documentOptions,
    )
    expect(problems).toMatchObject([{ code: 'INVALID_UTF8', place: { file: 'f.yaml', line: 2, column: 2 } }])
  })

  test('a character cut off at the end is invalid too', () => {
    const { problems } = readYaml('f.yaml', Buffer.from('a: ö').subarray(0, 4), documentOptions)
    expect(problems).toMatchObject([{ code: 'INVALID_UTF8', place: { line: 1, column: 4 } }])
  })

  test('a file above the limit is not looked into', () => {
    const { problems } = readYaml('f.yaml', Buffer.alloc(documentOptions.maxBytes + 1, 0x20), documentOptions)
    expect(problems.map(({ code }) => code)).toEqual(['FILE_TOO_LARGE'])
  })
})

describe('laws', () => {
  const key = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' })
  const { tree } = fc.letrec((tie) => ({
    leaf: fc.oneof(fc.string({ unit: 'grapheme-ascii' }), fc.integer(), fc.boolean(), fc.constant(null)),
    tree: fc.oneof(
      { maxDepth: 4 },
      tie('leaf'),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  const forbidden = /"(__proto__|constructor|prototype)":/

  test('what toYaml prints, readYaml reads back', () => {
    fc.assert(
      fc.property(fc.dictionary(key, tree, { noNullPrototype: true }), (value) => {
        fc.pre(!forbidden.test(JSON.stringify(value)))
        const { value: again, problems } = read(toYaml(value))
        expect(problems).toEqual([])
        expect(again).toEqual(value)
      }),
    )
  })

  test('any text ends in documents and problems, never in a throw', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '? ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '&a ',
      '*a',
      '<<',
      '|',
      '>',
      '"',
      "'",
      '#',
      '%',
      '!',
      '\t',
      '---\n',
      '...\n',
      '\r',
      '0',
      '@',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (given) => {
        const { documents, problems } = readYaml('f.yaml', given, { ...documentOptions, maxDocuments: 5 })
        for (const document of documents) document.place(['a', 0, 'b'])
        for (const problem of problems) expect(problem.place.line).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
  })

  test('any bytes end in documents and problems, never in a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readYaml('f.yaml', bytes, documentOptions)),
    )
  })
})

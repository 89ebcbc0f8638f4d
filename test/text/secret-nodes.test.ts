import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secretNodes } from '../../src/text/secret-nodes.ts'
import { lineOfSecretValue, withoutSecretValues } from '../../src/text/secret-values.ts'

const secrets = [
  { name: 'a variable in flow style', text: 'env:\n  - { name: CF_API_TOKEN, value: hunter2 }\n', line: 2 },
  { name: 'a variable in JSON', text: '{"env":[{"name":"DB_PASSWORD","value":"hunter2"}]}', line: 1 },
  { name: 'a variable whose value comes first', text: 'env:\n  - value: hunter2\n    name: CF_API_TOKEN\n', line: 2 },
  { name: 'a variable with a comment', text: '- name: CF_API_TOKEN # of the zone\n\n  value: hunter2\n', line: 3 },
  { name: 'a value below its key', text: 'a: 1\npassword:\n  hunter2\n', line: 3 },
  { name: 'a value with a tag', text: 'password: !!str hunter2\n', line: 1 },
  { name: 'a value with an anchor', text: 'password: &p hunter2\nagain: *p\n', line: 1 },
  { name: 'a password that is a number', text: 'adminPassword: 12345678\n', line: 1 },
  { name: 'a secret that is no name', text: 'jwtSecret: Hunter2_x\n', line: 1 },
  { name: 'a secret of hexadecimal digits', text: `sessionSecret: ${'0a'.repeat(16)}\n`, line: 1 },
  { name: 'an argument in two items', text: 'args:\n  - --api-token\n  - hunter2\n', line: 3 },
  { name: 'an argument in one item', text: 'args: [--eab.hmacEncoded=hunter2]\n', line: 1 },
  { name: 'a list of tokens', text: 'tokens:\n  - hunter2\n', line: 2 },
  { name: 'a value inside', text: 'token: { value: hunter2 }\n', line: 1 },
  { name: 'a header', text: 'headers:\n  Authorization: Bearer hunter2\n', line: 2 },
  { name: 'a hash of a password', text: 'users: "admin:$apr1$hunter2$abcdef"\n', line: 1 },
  { name: 'an encoded private key', text: `tlsKey: ${btoa('-----BEGIN EC PRIVATE KEY-----\nx')}\n`, line: 1 },
  {
    name: 'the values of a chart',
    text: 'spec:\n  valuesContent: |\n    env:\n      - { name: A_TOKEN, value: hunter2 }\n',
    line: 2,
  },
  { name: 'a text with a mistake', text: 'a: [1\nenv: [{ name: A_TOKEN, value: hunter2 }]\n', line: 2 },
  { name: 'the second document', text: 'a: 1\n---\ntokens: [hunter2]\n', line: 3 },
]

test.each(secrets)('a secret: $name', ({ text, line }) => {
  expect(secretNodes(text)[0]?.line).toBe(line)
  expect(lineOfSecretValue(text)).toBe(line)
  const open = withoutSecretValues(text)
  expect(open).not.toContain('hunter2')
  expect(secretNodes(open)).toEqual([])
})

test.each([
  'secret: users',
  'secret: default/users',
  'imagePullSecret: regcred',
  'secretKeyRef: { name: cloudflare, key: token }',
  'env: [{ name: CF_API_TOKEN, valueFrom: { secretKeyRef: { name: cf, key: token } } }]',
  'env: [{ name: TOKEN, value: $(OTHER) }]',
  'env: [{ name: TOKEN_FILE, value: /run/token }]',
  'tokenTTL: 3600',
  'token: 3600',
  'automountServiceAccountToken: false',
  'properties: { password: { type: string, description: the password } }',
  'required: [token, password]',
  'verbs: [get]\nresources: [serviceaccounts/token]',
  'password: "********"',
  'password: ""',
  'password: %{PASSWORD}%',
  `tlsCrt: ${btoa('-----BEGIN CERTIFICATE-----\nx')}`,
  'data:\n  Corefile: |\n    .:53 {\n      errors\n    }',
  'args: [--token-file=/run/token, --token]',
])('no secret: %s', (text) => expect(secretNodes(text)).toEqual([]))

test('a mask leaves the rest as it is, with its comments', () => {
  const text =
    '# of the team\nenv:\n  - { name: A_TOKEN, value: hunter2 } # rotate\n  - { name: B, value: kept }\nauth:\n  key: |\n    kept\n'
  expect(withoutSecretValues(text)).toBe(text.replace('hunter2', '"********"'))
})

test('wherever in a document a secret stands, it is masked, and nothing else is', () => {
  const secret = fc.constantFrom<Readonly<Record<string, unknown>>>(
    { password: 'hunter2' },
    { apiKeys: ['hunter2'] },
    { value: 'hunter2', name: 'A_TOKEN' },
    { args: ['--client-secret', 'Hunter2_hunter2'] },
    { values: 'token:\n  hunter2\n' },
  )
  const word = fc.constantFrom('a', 'kept', 'name', 'value', '\n', ': ')
  const tree = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      word,
      secret,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node')),
    ),
  })).node
  fc.assert(
    fc.property(tree, (value) => {
      const text = JSON.stringify(value, undefined, 2)
      const nodes = secretNodes(text)
      const kept = nodes.toReversed().reduce((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text)
      expect(kept).not.toContain('hunter2')
      expect(kept.match(/kept/g)).toEqual(text.match(/kept/g))
      expect(nodes.length > 0).toBe(text.includes('hunter2'))
    }),
  )
})

test('whatever a text is, nothing throws, and what is found lies in it, one behind the other', () => {
  const part = fc.constantFrom(
    'password',
    'token',
    'name',
    'value',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    '"',
    '|',
    '&a ',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const text = parts.join('')
      const ends = secretNodes(text).flatMap(({ start, end }) => [start, end])
      expect(ends).toEqual(ends.toSorted((a, b) => a - b))
      expect(ends.every((end) => end >= 0 && end <= text.length)).toBe(true)
    }),
  )
})

test('a text that is deeper than a parser goes is no end of the program', () => {
  expect(secretNodes(`password: ${'['.repeat(20_000)}`)).toEqual([])
})

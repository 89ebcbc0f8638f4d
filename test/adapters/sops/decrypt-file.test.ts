import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { decryptFile } from '../../../src/adapters/sops/decrypt-file.ts'
import { encryptWithSops, newAgeKey, type SopsRecipe, WholeFloat } from '../../lab/sops-encrypt.ts'

const name = 'clusters/home/manifests/secret.yaml'
const secretRule = { encrypted_regex: '^(data|stringData)$' }
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'dashboard', namespace: 'kube-system', creationTimestamp: null },
  stringData: { password: 'hunter2', empty: '' },
}

let key: { readonly secret: string; readonly recipient: string }
let other: typeof key

beforeAll(async () => {
  key = await newAgeKey()
  other = await newAgeKey()
})

function encrypt(documents: readonly object[], recipe: Partial<SopsRecipe> = {}): Promise<string> {
  return encryptWithSops(documents, { recipients: [key.recipient], ...recipe })
}

function decrypt(text: string, keys: readonly string[] = [key.secret]): Promise<string> {
  return decryptFile({ name, text }, keys)
}

describe('decrypting', () => {
  const rules: readonly { readonly because: string; readonly recipe: Partial<SopsRecipe> }[] = [
    { because: 'everything is encrypted', recipe: {} },
    { because: 'only data is', recipe: { rule: secretRule } },
    { because: 'a pattern may ignore case', recipe: { rule: { encrypted_regex: '(?i)^STRINGDATA$' } } },
    { because: 'all but the head is', recipe: { rule: { unencrypted_regex: '^(apiVersion|kind|metadata)$' } } },
    { because: 'keys are chosen by their end', recipe: { rule: { encrypted_suffix: 'Data' } } },
    { because: 'keys are left out by their end', recipe: { rule: { unencrypted_suffix: 'kind' } } },
    { because: 'the digest leaves out what is plain', recipe: { rule: secretRule, macOnlyEncrypted: true } },
    { because: 'there are several recipients', recipe: {} },
  ]
  for (const { because, recipe } of rules) {
    test(`gives back what was encrypted when ${because}`, async () => {
      const text = await encrypt([secret], { recipients: [other.recipient, key.recipient], ...recipe })
      expect(text).not.toContain('hunter2')
      expect(parse(await decrypt(text))).toEqual(secret)
    })
  }

  test('opens JSON as JSON', async () => {
    const text = await encrypt([secret], { format: 'json', rule: secretRule })
    expect(JSON.parse(await decrypt(text))).toEqual(secret)
  })

  test('restores the types of values', async () => {
    const values = {
      text: '8080',
      port: 8080,
      negative: -7,
      ratio: 0.5,
      small: 1e-7,
      yes: true,
      no: false,
      nothing: null,
    }
    const lists = { mixed: ['x', 1, true, null, { deep: 'y' }], none: [], empty: {} }
    const document = { ...secret, values, lists }
    expect(parse(await decrypt(await encrypt([document])))).toEqual(document)
  })

  test('takes a whole number for what SOPS holds for a float', async () => {
    const text = await encrypt([{ ...secret, weight: new WholeFloat(5) }])
    expect(text).toContain('type:float]')
    expect(parse(await decrypt(text))).toEqual({ ...secret, weight: 5 })
  })

  test('opens several documents of one file with one key and one digest', async () => {
    const second = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'b' }, stringData: { token: 'hunter3' } }
    const opened = await decrypt(await encrypt([secret, second], { rule: secretRule }))
    expect(parseAllDocuments(opened).map((document): unknown => document.toJS())).toEqual([secret, second])
  })

  test('reads plain values as SOPS does, whatever they look like to other readers', async () => {
    const text = await encrypt([{ a: 'x', port: 511, flag: true, word: 'yes', day: '2026-03-01T00:00:00Z' }], {
      rule: { encrypted_regex: '^a$' },
    })
    const respelled = text
      .replace('port: 511', 'port: 0777')
      .replace('flag: true', 'flag: TRUE')
      .replace('word: yes', 'word: yes # to K3s this would be true')
      .replace(/day: .*/, 'day: 2026-3-1')
    expect(respelled).not.toBe(text)
    expect(await decrypt(respelled)).toBe('a: "x"\nport: 511\nflag: true\nword: "yes"\nday: "2026-03-01T00:00:00Z"\n')
  })

  test('leaves comments out, encrypted or not', async () => {
    const text = `# hunter4\n#ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:comment]\n${await encrypt([secret])}`
    const opened = await decrypt(text)
    expect(parse(opened)).toEqual(secret)
    expect(opened).not.toContain('#')
  })

  test('takes the only key group of a file', async () => {
    const block = ({ age, ...rest }: Record<string, unknown>): Record<string, unknown> => ({
      ...rest,
      key_groups: [{ age }],
    })
    expect(parse(await decrypt(await encrypt([secret], { block })))).toEqual(secret)
  })

  test('the law: decrypt(encrypt(x)) = x, to readers of YAML 1.1 and 1.2', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('a\r\nb\n', ' \n', '\t', 'no', '1e3', '\u2028', '\uFEFF', '\u0085'),
    )
    const scalar = fc.oneof(
      text,
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter(isPlainNumber),
      fc.boolean(),
      fc.constant(null),
    )
    const name = fc
      .string({ minLength: 1, maxLength: 8 })
      .filter((one) => !['sops', '__proto__', '<<', 'constructor', 'prototype'].includes(one))
      // SOPS quotes what YAML 1.1 would take for a number or a switch; the encrypter of these tests prints 1.2.
      .filter((one) => !/^[-+.~\d]|^e\d+$|^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i.test(one))
    const { tree } = fc.letrec((tie) => ({
      tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, scalar, tie('tree'), fc.array(scalar, { maxLength: 3 })), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
    }))
    await fc.assert(
      fc.asyncProperty(tree, fc.constantFrom('yaml', 'json'), async (value, format) => {
        const document = { apiVersion: 'v1', value: withoutNegativeZero(value) }
        const opened = await decrypt(await encrypt([document], { format }))
        expect(parse(opened)).toEqual(document)
        expect(parse(opened, { version: '1.1' })).toEqual(document)
      }),
      { numRuns: 150 },
    )
  })
})

/** What Intl can print without an exponent; the rest is a test of its own. */
function isPlainNumber(value: number): boolean {
  return value === 0 || (Math.abs(value) > 1e-90 && Math.abs(value) < 1e90)
}

function withoutNegativeZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

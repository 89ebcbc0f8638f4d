import { beforeAll, describe, expect, test } from 'vitest'
import { assumedFacts } from '../../src/domain/facts.ts'
import { compileRevision } from '../../src/reconcile/compile-revision.ts'
import { encryptWithSops, newAgeKey, type SopsRecipe } from '../lab/sops-encrypt.ts'
import { textRepository } from '../lab/text-repository.ts'

const network = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec: { k3sVersion: v1.33.4+k3s1 }
`
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'dashboard', namespace: 'kube-system' },
  stringData: { password: 'hunter2' },
}
const chart = {
  apiVersion: 'helm.cattle.io/v1',
  kind: 'HelmChartConfig',
  metadata: { name: 'traefik', namespace: 'kube-system' },
  spec: { failurePolicy: 'abort', valuesContent: 'deployment: { replicas: 2 }\n' },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', annotations: { 'example.com/token': 'hunter2' } },
  spec: { type: 'ClusterIP', ports: [{ port: 80 }], selector: { app: 'web' } },
}

let recipient = ''
beforeAll(async () => {
  recipient = (await newAgeKey()).recipient
})

const encrypt = (document: object, recipe: Partial<SopsRecipe> = {}): Promise<string> =>
  encryptWithSops([document], { recipients: [recipient], ...recipe })

async function compile(text: string, name = 'a.yaml') {
  const files = new Map([
    ['clusters/home/network.yaml', network],
    [`clusters/home/manifests/${name}`, text],
  ])
  return compileRevision(textRepository(files), 'clusters/home', assumedFacts, new AbortController().signal)
}

async function codesOf(text: string): Promise<string[]> {
  const { problems } = await compile(text)
  return problems
    .filter(({ place }) => place.file.endsWith('a.yaml'))
    .map(({ code, severity }) => `${severity} ${code}`)
}

describe('an encrypted manifest compiles without a word', () => {
  const cases: readonly (readonly [because: string, document: object, recipe: Partial<SopsRecipe>])[] = [
    ['a Secret with encrypted data', secret, { rule: { encrypted_regex: '^(data|stringData)$' } }],
    ['a Secret with everything encrypted', secret, {}],
    ['a HelmChartConfig with encrypted values', chart, { rule: { encrypted_regex: '^valuesContent$' } }],
    ['a HelmChartConfig with everything encrypted', chart, {}],
    ['any object with an encrypted annotation', service, { rule: { encrypted_regex: 'token$' } }],
    ['JSON', secret, { format: 'json', rule: { encrypted_regex: '^(data|stringData)$' } }],
  ]
  for (const [because, document, recipe] of cases) {
    test(because, async () => expect(await codesOf(await encrypt(document, recipe))).toEqual([]))
  }
})

test('the program holds the ciphertext, marked, with a digest that stays', async () => {
  const text = await encrypt(secret)
  const [first, second] = [await compile(text), await compile(text)]
  if (first.kind !== 'compiled' || second.kind !== 'compiled') throw new Error('refused')
  const [server, again] = [first.nodes[0], second.nodes[0]]
  expect(server?.files.find(({ path }) => path.endsWith('/a.yaml'))).toMatchObject({ text, secrecy: 'encrypted' })
  expect(server?.digest).toBe(again?.digest)
  expect(JSON.stringify(first)).not.toContain('hunter2')
})

describe('refused before it reaches a machine', () => {
  const rule = { encrypted_regex: '^(data|stringData)$' }
  const cases: readonly (readonly [because: string, text: () => Promise<string>, codes: readonly string[]])[] = [
    [
      'a Secret with a block and nothing encrypted',
      () => encrypt(secret, { rule: { encrypted_regex: '^nothing$' } }),
      ['error PLAIN_SECRET'],
    ],
    [
      'a value added by hand',
      async () => (await encrypt(secret, { rule })).replace('stringData:', 'stringData:\n  other: hunter3'),
      ['error PLAIN_SECRET'],
    ],
    [
      'a value that its rule encrypts, in any object',
      async () => (await encrypt(chart)).replace(/failurePolicy: ENC.*/, 'failurePolicy: hunter3'),
      ['error SOPS_VALUE_PLAIN'],
    ],
    ['no digest', () => encrypt(secret, { rule, block: ({ mac: _mac, ...rest }) => rest }), ['error SOPS_UNREADABLE']],
    [
      'keys that no machine has',
      () => encrypt(secret, { rule, block: (rest) => ({ ...rest, age: [], pgp: [{ fp: 'x', enc: 'x' }] }) }),
      ['error SOPS_UNSUPPORTED'],
    ],
  ]
  for (const [because, text, codes] of cases) {
    test(because, async () => {
      const refused = await compile(await text())
      expect(refused.kind).toBe('refused')
      expect(refused.problems.map(({ code, severity }) => `${severity} ${code}`)).toEqual(codes)
      expect(JSON.stringify(refused.problems)).not.toContain('hunter')
    })
  }
})

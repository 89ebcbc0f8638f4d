import { describe, expect, test } from 'vitest'
import { readManifestObjects } from '../../src/text/manifest-objects.ts'

const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: lan }\n`

function names(text: string): string[] {
  return readManifestObjects('m.yaml', text).objects.map(
    (object) => `${object.apiVersion} ${object.kind} ${object.name}`,
  )
}

function found(text: string): string[] {
  return readManifestObjects('m.yaml', text).problems.map(({ code, place }) => `${place.line}:${place.column} ${code}`)
}

test('each document is an object, with its place', () => {
  const { objects, problems } = readManifestObjects('m.yaml', `${configMap('a')}---\n# nothing\n---\n${configMap('b')}`)
  expect(problems).toEqual([])
  expect(objects).toMatchObject([
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: 'lan',
      name: 'a',
      place: { file: 'm.yaml', line: 1, column: 1 },
      isSecret: false,
      holdsSecretData: false,
      isEncrypted: false,
    },
    { name: 'b', place: { file: 'm.yaml', line: 7, column: 1 } },
  ])
  expect(objects[1]?.value).toMatchObject({ metadata: { name: 'b' } })
  expect(objects[1]?.locate(['metadata', 'name']).place).toEqual({ file: 'm.yaml', line: 9, column: 19 })
})

test('JSON is read like YAML', () => {
  expect(names('{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}')).toEqual(['v1 Service web'])
})

test('what begins with a brace must be strict JSON, as K3s reads it', () => {
  const loose = '{ apiVersion: v1, kind: Service, metadata: { name: web }, }'
  expect(found(loose)).toEqual(['1:1 JSON_NOT_STRICT'])
  expect(found(`---\n${loose}`)).toEqual([])
})

test('a file of comments only defines nothing, and is fine', () => {
  expect(readManifestObjects('m.yaml', '# nothing yet\n')).toEqual({ objects: [], problems: [] })
  expect(readManifestObjects('m.yaml', '')).toEqual({ objects: [], problems: [] })
})

describe('lists', () => {
  const items = 'items:\n- metadata: { name: a }\n- { apiVersion: apps/v1, kind: Deployment, metadata: { name: b } }\n'

  test('are expanded one level, whatever the outer kind', () => {
    expect(names(`apiVersion: v1\nkind: ConfigMapList\n${items}`)).toEqual(['v1 ConfigMap a', 'apps/v1 Deployment b'])
  })

  test('of kind List name no kind for their items', () => {
    expect(found(`apiVersion: v1\nkind: List\n${items}`)).toEqual(['4:3 MANIFEST_INCOMPLETE'])
  })
})

describe('what K3s could not apply', () => {
  const cases = [
    { name: 'no kind', text: 'apiVersion: v1\nmetadata: { name: a }\n', expected: ['1:1 MANIFEST_INCOMPLETE'] },
    { name: 'no apiVersion', text: 'kind: Pod\nmetadata: { name: a }\n', expected: ['1:1 MANIFEST_INCOMPLETE'] },
    { name: 'no name', text: 'apiVersion: v1\nkind: Pod\nmetadata: {}\n', expected: ['3:11 MANIFEST_INCOMPLETE'] },
    {
      name: 'a numeric name',
      text: 'apiVersion: v1\nkind: Pod\nmetadata: { name: 1 }\n',
      expected: ['3:11 MANIFEST_INCOMPLETE'],
    },
    { name: 'a list', text: '- a\n- b\n', expected: ['1:1 MANIFEST_INCOMPLETE'] },
    {
      name: 'a template',
      text: 'apiVersion: v1\nkind: {{ kind }}\n',
      expected: ['2:7 TEMPLATE_LEFTOVER'],
    },
    {
      name: 'a template with many lines that cannot be read',
      text: 'apiVersion: v1\n{{- if .Values.a }}\nkind: Pod\n{{- else }}\nkind: Job\n{{- end }}\nmetadata: { name: a }\n',
      expected: ['2:1 TEMPLATE_LEFTOVER'],
    },
    {
      name: 'what went wrong before a template',
      text: 'kind: "Pod" x\nmetadata:\n  name: {{ name }}\n',
      expected: ['1:13 YAML_SYNTAX'],
    },
    {
      name: 'what went wrong beside a quoted template',
      text: 'a: "{{ b }}"\nc: [\n',
      expected: ['3:1 YAML_SYNTAX'],
    },
    { name: 'a template variable of K3s', text: 'dns: %{CLUSTER_DNS}%\n', expected: ['1:6 YAML_SYNTAX'] },
  ]
  for (const { name, text, expected } of cases) {
    test(`${name} is a problem with its place`, () => expect(found(text)).toEqual(expected))
  }
})

test('what Kubernetes reads in its own way is left to it, and a key twice is a warning', () => {
  expect(found(`${configMap('a')}defaultMode: 0644\n`)).toEqual([])
  expect(readManifestObjects('m.yaml', `${configMap('a')}data: {a: x, a: y}\n`).problems).toMatchObject([
    { code: 'DUPLICATE_KEY', severity: 'warning' },
  ])
})

describe('Secrets', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n'

  test('are known as such, with and without data', () => {
    expect(readManifestObjects('m.yaml', secret).objects).toMatchObject([{ isSecret: true, holdsSecretData: false }])
    expect(readManifestObjects('m.yaml', `${secret}stringData: { p: x }\n`).objects).toMatchObject([
      { isSecret: true, holdsSecretData: true, isEncrypted: false },
    ])
    expect(readManifestObjects('m.yaml', `${secret}data: { p: x }\nsops: { mac: x }\n`).objects).toMatchObject([
      { isEncrypted: true },
    ])
  })

  test('and other encrypted objects keep what can be read, without the block of SOPS', () => {
    const cipher = 'ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]'
    const { objects } = readManifestObjects(
      'm.yaml',
      `kind: ${cipher}\napiVersion: v1\nmetadata: { name: a, labels: { sops: kept, b: '${cipher}' } }\nlist: ['${cipher}', 1]\nsops: { mac: x }\n`,
    )
    expect(objects).toMatchObject([{ kind: cipher, name: 'a', isEncrypted: true }])
    expect(objects[0]?.value).toEqual({
      apiVersion: 'v1',
      metadata: { name: 'a', labels: { sops: 'kept' } },
      list: [1],
    })
  })

  test('never show a line of their file in a problem', () => {
    for (const text of [
      `${secret}data:\n  key: hunter2\n  key: hunter3\n`,
      `${secret}data: [hunter2\n`,
      `${secret}data:\n\tkey: hunter2\n`,
      `${configMap('a')}x: &a hunter2\nx: *b\n---\n${secret}`,
    ]) {
      const { problems } = readManifestObjects('m.yaml', text)
      expect(problems.length).toBeGreaterThan(0)
      expect(JSON.stringify(problems)).not.toContain('hunter')
    }
  })
})

test('more than a hundred documents are refused', () => {
  expect(found(`${configMap('a')}---\n`.repeat(101))).toEqual([expect.stringContaining('TOO_MANY_DOCUMENTS')])
})

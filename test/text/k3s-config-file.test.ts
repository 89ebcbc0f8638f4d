import { describe, expect, test } from 'vitest'
import type { ConfigFileReading, ConfigValue } from '../../src/domain/k3s-config-reading.ts'
import { readK3sConfigFile } from '../../src/text/k3s-config-file.ts'

const path = '/etc/rancher/k3s/config.yaml'

/** `key`, `key+`, and what stands there: a text, a list in brackets, `{}` for a mapping. */
function shown(file: ConfigFileReading): string[] {
  return file.entries.map((entry) => `${entry.key}${entry.appends ? '+' : ''}=${shownValue(entry.value)}`)
}

function shownValue(value: ConfigValue): string {
  if (value.kind === 'map') return '{}'
  return value.kind === 'scalar' ? value.text : `[${value.items.map(shownValue).join(' ')}]`
}

function read(text: string): { readonly entries: string[]; readonly codes: string[] } {
  const { file, problems } = readK3sConfigFile(path, text)
  return { entries: shown(file), codes: problems.map(({ code, place }) => `${code}@${place.line}:${place.column}`) }
}

const readable: readonly (readonly [name: string, text: string, entries: readonly string[]])[] = [
  ['keys in their order', 'b: 1\na: 2\n', ['b=1', 'a=2']],
  ['a key twice, both times', 'a: 1\nb: 2\na: 3\n', ['a=1', 'b=2', 'a=3']],
  ['keys that append', 'tls-san+: x\ntls-san+:\n  - w\n', ['tls-san+=x', 'tls-san+=[w]']],
  ['only one plus', 'a++: x\n', ['a++=x']],
  [
    'comma strings and YAML lists',
    'cluster-cidr: 10.42.0.0/16,fd00:42::/56\ndisable: [traefik, servicelb]\n',
    ['cluster-cidr=10.42.0.0/16,fd00:42::/56', 'disable=[traefik servicelb]'],
  ],
  ['modes as YAML 1.1 has them', 'write-kubeconfig-mode: 0644\n', ['write-kubeconfig-mode=420']],
  ['quoted modes', `write-kubeconfig-mode: "0644"\n`, ['write-kubeconfig-mode=0644']],
  ['null', 'a:\nb: ~\nc: ""\n', ['a=', 'b=', 'c=']],
  ['lists that are not indented', 'disable:\n- traefik\n- servicelb\n', ['disable=[traefik servicelb]']],
  ['lists in lists', 'a: [[v, w], z]\n', ['a=[[v w] z]']],
  ['mappings, as mappings', 'a: {b: c}\nd:\n  e: f\ng: [{h: i}]\n', ['a={}', 'd={}', 'g=[{}]']],
  ['anchors and aliases', 'a: &x [1, 2]\nb: *x\nc: [*x, 3]\n', ['a=[1 2]', 'b=[1 2]', 'c=[[1 2] 3]']],
  ['an alias of a later meaning', 'a: &x 1\nb: *x\nc: &x 2\nd: *x\n', ['a=1', 'b=1', 'c=2', 'd=2']],
  ['an anchor inside a mapping', 'x: {y: &a 5}\nb: *a\n', ['x={}', 'b=5']],
  ['JSON', '{"flannel-backend": "host-gw", "disable": ["traefik"]}', ['flannel-backend=host-gw', 'disable=[traefik]']],
  ['block texts without their line ends', 'a: |\n  x\nb: |-\n  y\nc: >\n  z\n  w\n', ['a=x', 'b=y', 'c=z w']],
  ['Windows line ends', 'a: b\r\nc:\r\n  - d\r\n', ['a=b', 'c=[d]']],
  ['a byte order mark', '\uFEFFa: b\n', ['a=b']],
  ['comments', '# one\na: b # two\n# three\n', ['a=b']],
  ['tags', 'a: !!str yes\nb: !!float 1\nc: !other yes\n', ['a=yes', 'b=1', 'c=yes']],
  ['a document mark', '---\na: b\n...\n', ['a=b']],
  ['the first document only', 'a: b\n---\nc: d\n', ['a=b']],
  ['a first document before one that is no YAML', 'a: b\n---\n[\n', ['a=b']],
  ['nothing in an empty file, as K3s', '', []],
  ['nothing in a file of comments', '# flannel-backend: none\n', []],
  ['nothing behind a document mark', '---\n', []],
  [
    'times and ranges as text',
    'etcd-snapshot-schedule-cron: "0 */6 * * *"\nservice-node-port-range: 30000-32767\nx: 10:30\n',
    ['etcd-snapshot-schedule-cron=0 */6 * * *', 'service-node-port-range=30000-32767', 'x=10:30'],
  ],
]

describe('a configuration file: read', () => {
  for (const [name, text, entries] of readable) {
    test(name, () => {
      expect(read(text)).toEqual({ entries, codes: [] })
    })
  }

  test('with the number of its documents', () => {
    expect(readK3sConfigFile(path, 'a: b\n---\nc: d\n').file.documents).toBe(2)
    expect(readK3sConfigFile(path, '').file.documents).toBe(0)
  })

  test('with the place of every entry and item', () => {
    const { file } = readK3sConfigFile(path, '# top\nnode-ip+:\n  - 10.0.0.1\n  - "fd00::1"\n')
    expect(file.entries[0]).toEqual({
      key: 'node-ip',
      appends: true,
      at: { place: { file: path, line: 2, column: 1 }, sourceLine: 'node-ip+:' },
      value: {
        kind: 'list',
        items: [
          {
            kind: 'scalar',
            type: 'string',
            text: '10.0.0.1',
            source: '10.0.0.1',
            isQuoted: false,
            at: { place: { file: path, line: 3, column: 5 }, sourceLine: '  - 10.0.0.1' },
          },
          {
            kind: 'scalar',
            type: 'string',
            text: 'fd00::1',
            source: 'fd00::1',
            isQuoted: true,
            at: { place: { file: path, line: 4, column: 5 }, sourceLine: '  - "fd00::1"' },
          },
        ],
      },
    })
  })

  test('without any line when lines are to be hidden', () => {
    const { file, problems } = readK3sConfigFile(path, 'a: *x\nb: c\n', { hideLines: true })
    expect(JSON.stringify([file, problems])).not.toContain('sourceLine')
    expect(problems).toHaveLength(1)
  })
})

const refused: readonly (readonly [
  name: string,
  text: string,
  codes: readonly string[],
  entries: readonly string[],
])[] = [
  ['a list', '- a\n- b\n', ['CONFIG_NOT_A_MAPPING@1:1'], []],
  ['a text', '# x\nhello\n', ['CONFIG_NOT_A_MAPPING@2:1'], []],
  ['a flag as on the command line', '--flannel-backend=none\n', ['CONFIG_NOT_A_MAPPING@1:1'], []],
  ['a tab as indentation', 'disable:\n\t- traefik\n', ['YAML_SYNTAX@2:1'], []],
  ['an open quote', 'a: "b\n', ['YAML_SYNTAX@2:1'], []],
  ['an open bracket', 'a: [b\nc: d\n', ['YAML_SYNTAX@2:1'], []],
  ['a control character', 'a: b\u0000\n', ['CONTROL_CHARACTER@1:5'], []],
  ['half a character', 'a: \ud800\n', ['CONTROL_CHARACTER@1:1'], []],
  ['an alias without anchor', 'a: *x\nb: c\n', ['ALIAS_UNKNOWN@1:4'], ['b=c']],
  ['an alias in its own value', 'a: &x [*x]\n', ['ALIAS_CYCLE@1:8'], ['a=[]']],
  ['a merge key, which K3s drops', 'x: &a {b: c}\n<<: *a\n', ['CONFIG_MERGE_KEY@2:1'], ['x={}']],
  ['a key that is a list', '? [a]\n: b\n', ['KEY_NOT_TEXT@1:3'], []],
  ['an empty key', ': b\n', ['KEY_NOT_TEXT@1:1'], []],
  ['a template as value', 'a: b\nnode-ip: {{ ip }}\n', ['TEMPLATE_LEFTOVER@2:10'], ['a=b', 'node-ip={}']],
  ['a template in a value', 'a: b\ncluster-cidr: {{ net }}/16\n', ['TEMPLATE_LEFTOVER@2:15'], []],
  ['a template in quotes', 'node-ip: "{{ ip }}"\n', ['TEMPLATE_LEFTOVER@1:10'], ['node-ip={{ ip }}']],
  ['a template in a list', 'disable:\n  - {{ x }}\n', ['TEMPLATE_LEFTOVER@2:5'], ['disable=[{}]']],
  ['a template statement', '{% if server %}\na: b\n{% endif %}\n', ['TEMPLATE_LEFTOVER@1:1'], []],
  ['a template on a line of its own', '{{- range .Values.x }}\na: b\n', ['TEMPLATE_LEFTOVER@1:1'], []],
  ['a variable of a shell', `node-ip: \${NODE_IP}\n`, ['TEMPLATE_LEFTOVER@1:10'], [`node-ip=\${NODE_IP}`]],
]

describe('a configuration file: refused with a place', () => {
  for (const [name, text, codes, entries] of refused) {
    test(name, () => {
      expect(read(text)).toEqual({ entries, codes })
    })
  }

  test('a template that is commented out is none', () => {
    expect(read('# {{ .Values.x }}\na: "b\n').codes).toEqual(['YAML_SYNTAX@3:1'])
  })

  test('a text that went wrong before its template says so', () => {
    expect(read('\ta: b\nc: {{ x }}/16\n').codes[0]).toBe('YAML_SYNTAX@1:1')
  })

  test('nesting, aliases and size without end', () => {
    const bomb = Array.from(
      { length: 12 },
      (_, n) =>
        `a${n}: &a${n} [${
          n === 0
            ? 'x'
            : Array(9)
                .fill(`*a${n - 1}`)
                .join(',')
        }]`,
    )
    expect(read(bomb.join('\n')).codes[0]).toMatch(/^ALIAS_EXPANSION@/)
    expect(read(`a: ${'['.repeat(5000)}`).codes[0]).toMatch(/^TOO_DEEP@/)
    expect(read(`a: ${'x'.repeat(1024 * 1024)}`).codes).toEqual(['FILE_TOO_LARGE@1:1'])
    expect(read('---\na: b\n'.repeat(200)).codes[0]).toMatch(/^TOO_MANY_DOCUMENTS@/)
    expect(read(`a: [${'x,'.repeat(100_000)}]`).codes[0]).toMatch(/^TOO_COMPLEX@/)
    expect(read(`x: &x [${'1,'.repeat(9000)}]\nb: [${'*x,'.repeat(30_000)}]`).codes[0]).toMatch(/^ALIAS_EXPANSION@/)
  })
})

describe('a secret', () => {
  const secret = 'K10f00::server:s3cr3t'
  const texts: readonly (readonly [name: string, text: string])[] = [
    ['of the token', `token: "${secret}"\n`],
    ['of the token by its short name', `t: "${secret}"\n`],
    ['of the agents', `agent-token: "${secret}"\n`],
    ['in the datastore’s address', `datastore-endpoint: "postgres://u:${secret}@h/d"\n`],
    ['of the VPN', `vpn-auth: "name=tailscale,joinKey=${secret}"\n`],
    ['of the object store', `etcd-s3-secret-key: "${secret}"\netcd-s3-access-key: "${secret}"\n`],
    ['in a block', `token: |\n  ${secret}\n`],
    ['that a list holds', `token:\n  - "${secret}"\n`],
    ['that is added', `token+: "${secret}"\n`],
    ['behind an alias', `x: &a "${secret}"\ntoken: *a\ny: *a\n`],
    ['in a file that is no YAML', `token: "${secret}"\nb: "c\n`],
    ['that is not closed', `token: "${secret}\n`],
    ['on the line after a broken key', `vpn-auth:\n\t"${secret}"\n`],
    ['in JSON on one line', `{"token": "${secret}", "node-ip": "10.0.0.1", "x": *y}`],
    ['that looks like an alias', `token: *${secret.replaceAll(':', '')}\n`],
    ['that looks like an alias in a mapping', `token:\n  a: *${secret.replaceAll(':', '')}\n`],
    ['below a mapping', `token:\n  a: "${secret}"\n`],
    ['before what breaks the file', `a: &a "${secret}" x\ntoken: *a\n`],
    ['beside a template', `token: "{{ x }}${secret}"\n`],
  ]
  for (const [name, text] of texts) {
    test(`${name} is in no reading and no problem`, () => {
      const { file, problems } = readK3sConfigFile(path, text)
      expect(JSON.stringify({ file, problems })).not.toContain('s3cr3t')
    })
  }

  test('is masked, and an empty one is not', () => {
    expect(read('token: abc\nagent-token: ""\n').entries).toEqual(['token=********', 'agent-token='])
  })

  test('is not what only names a file or switches encryption on', () => {
    expect(read('token-file: /x\nsecrets-encryption: true\nvpn-auth-file: /y\n').entries).toEqual([
      'token-file=/x',
      'secrets-encryption=true',
      'vpn-auth-file=/y',
    ])
  })
})

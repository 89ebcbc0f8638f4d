import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConfigFileReading, ConfigValue } from '../../src/domain/k3s-config-reading.ts'
import { readInstallCommand } from '../../src/k3s/config/cloud-init.ts'
import { effectiveSettings } from '../../src/k3s/config/effective-settings.ts'
import { mergeConfigFiles } from '../../src/k3s/config/merge-config.ts'
import { readNodeArgs } from '../../src/k3s/config/node-args.ts'
import { readNodeConfig } from '../../src/reconcile/read-node-config.ts'
import { readCloudConfig } from '../../src/text/cloud-config.ts'
import { readK3sConfigFile } from '../../src/text/k3s-config-file.ts'

const mainFile = '/etc/rancher/k3s/config.yaml'
const unitFile = '/etc/systemd/system/k3s.service'

const runs = 300

/** What people have in such files, to be broken in every way. */
const samples = [
  'token: "K10::server:abc"\nnode-ip: 10.0.0.1,fd00::1\ndisable:\n  - traefik # no\n  - servicelb\ntls-san+: [a, b]\n',
  'x: &a [1, 0644, yes, ~]\ny: *a\n? z\n: |\n  text\n---\nmore: 1\n',
  '{"flannel-backend": "none", "kubelet-arg": ["a=b", "c=d"]}',
  `node-ip: {{ ip }}\n{% if x %}\na: "\${B}"\n{% endif %}\n`,
  "[Service]\nEnvironment=\"A=b c\" K3S_TOKEN=x\nEnvironmentFile=-/etc/default/%N\nExecStart=/usr/local/bin/k3s \\\n  server \\\n\t'--disable' \\\n\t'traefik'\n",
  "command=/usr/local/bin/k3s\ncommand_args=\"server \\\n\t'--token' \\\n\t'abc' >>/var/log/k3s.log 2>&1\"\n. /etc/rancher/k3s/k3s.env\n",
  'K3S_TOKEN=\'abc\\\'\nexport A="b\nc"\n# d\n',
  '#cloud-config\nwrite_files:\n- path: /etc/rancher/k3s/config.yaml\n  encoding: b64\n  content: YTogYg==\nruncmd:\n- curl https://get.k3s.io | INSTALL_K3S_EXEC="server" sh -s - --x\n- [sh, -c, "k3s server"]\n',
  '["server","--cluster-init","true","--token","abc"]',
]

const junk = fc.constantFrom(
  '\t',
  '\n',
  '\r',
  '"',
  "'",
  '\\',
  '{{',
  '}}',
  '[',
  ']',
  '{',
  '}',
  ':',
  ': ',
  '- ',
  '#',
  '&a ',
  '*a ',
  '!!int ',
  '|',
  '$',
  '%',
  '=',
  '<<: ',
  '---\n',
  '\u0000',
  '\uFEFF',
  '\ud800',
  'é',
)

/** A sample with pieces cut out and put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.array(fc.tuple(fc.nat(400), fc.nat(6), fc.oneof(junk, fc.string({ maxLength: 6 }))), { maxLength: 8 }),
  )
  .map(([sample, edits]) =>
    edits.reduce((text, [at, cut, piece]) => text.slice(0, at) + piece + text.slice(at + cut), sample),
  )

const anyText = fc.oneof(mutated, fc.string({ unit: 'binary' }), fc.string())

test('no text makes a reader throw, and every problem has a place in its text', () => {
  fc.assert(
    fc.property(anyText, anyText, (one, two) => {
      const files = new Map([
        [mainFile, one],
        [`${mainFile}.d/x.yaml`, two],
        [unitFile, two],
        [`${unitFile}.d/x.conf`, one],
        ['/etc/default/k3s', one],
        ['/etc/init.d/k3s-agent', two],
      ])
      const openrc = { manager: 'openrc', unit: '/etc/init.d/k3s-agent', dropIns: [] } as const
      for (const outcome of [readNodeConfig({ files }), readNodeConfig({ files, service: openrc })]) {
        effectiveSettings(outcome.reading)
        for (const { place } of outcome.problems) {
          const lines = (files.get(place.file) ?? '').split('\n')
          expect(place.line).toBeGreaterThan(0)
          expect(place.line).toBeLessThanOrEqual(lines.length)
          expect(place.column).toBeGreaterThan(0)
        }
      }
      const cloud = readCloudConfig('user-data', `#cloud-config\n${one}`)
      const at = { place: { file: 'user-data', line: 1, column: 1 } }
      for (const { command } of cloud?.config.commands ?? []) readInstallCommand(command, at, () => undefined)
      readInstallCommand(`k3s server ${one}`, at, () => undefined)
      readNodeArgs(one, at, () => undefined)
    }),
    { numRuns: runs },
  )
})

const key = fc
  .stringMatching(/^[a-z][a-z0-9-]{1,12}$/)
  .filter((name) => !/^(t|token|no|on|off|yes|true|false|null|agent-token|vpn-auth)$/.test(name))
const scalar = fc.oneof(
  fc.stringMatching(/^[ -~]{0,12}$/),
  fc.integer({ min: -1_000_000, max: 1_000_000 }),
  fc.boolean(),
  fc.constant(null),
)
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }))
const file = fc.array(fc.tuple(key, fc.boolean(), value), { maxLength: 8 })

/** A file as anybody's printer would write it: JSON for every value. */
function printed(entries: readonly (readonly [string, boolean, unknown])[]): string {
  return entries
    .map(([name, appends, written]) => `${name}${appends ? '+' : ''}: ${JSON.stringify(written)}\n`)
    .join('')
}

/** The texts that Go makes of plain values. */
function goText(written: string | number | boolean | null): string {
  return written === null ? '' : String(written).trim()
}

test('a printed file is read as what was printed', () => {
  fc.assert(
    fc.property(file, (entries) => {
      const plain = entries.map(([name, appends, written]) => [name, appends, written] as const)
      const reading = readK3sConfigFile(mainFile, printed(plain)).file
      expect(reading.entries.map((entry) => [entry.key, entry.appends, textsOf(entry.value)])).toEqual(
        plain.map(([name, appends, written]) => [
          name,
          appends,
          Array.isArray(written) ? written.map(goText) : goText(written),
        ]),
      )
    }),
  )
})

test('reading, printing the reading and reading it again changes nothing', () => {
  fc.assert(
    fc.property(mutated, (text) => {
      const first = readK3sConfigFile(mainFile, text).file
      const again = readK3sConfigFile(mainFile, reprinted(first)).file
      expect(shape(again)).toEqual(shape(first))
    }),
    { numRuns: runs },
  )
})

test('the merge of one file is the file, and a file that repeats it changes nothing', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 8 }), (entries) => {
      const text = printed(entries.map(([name, written]) => [name, false, written]))
      const one = readK3sConfigFile(mainFile, text).file
      const expected = entries.map(([name, written]) => [
        name,
        (Array.isArray(written) ? written : [written]).map(goText),
      ])
      expect(merged([one])).toEqual(expected)
      expect(merged([one, readK3sConfigFile(`${mainFile}.d/x.yaml`, text).file])).toEqual(expected)
    }),
  )
})

test('what a later file says plainly, it says alone', () => {
  fc.assert(
    fc.property(file, key, scalar, (before, name, last) => {
      const files = [
        readK3sConfigFile(mainFile, printed(before)).file,
        readK3sConfigFile(`${mainFile}.d/x.yaml`, printed([[name, false, last]])).file,
      ]
      expect(merged(files).find(([found]) => found === name)).toEqual([name, [goText(last)]])
    }),
  )
})

test('a secret of any spelling is in no reading and no problem', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9+/]{12,24}$/)
  const secretKey = fc.constantFrom('token', 'agent-token', 't', 'datastore-endpoint', 'vpn-auth', 'etcd-s3-secret-key')
  const layout = fc.constantFrom(
    (name: string, hidden: string) => `${name}: "${hidden}"\n`,
    (name: string, hidden: string) => `${name}: "x${hidden}\n`,
    (name: string, hidden: string) => `${name}:\n  - "${hidden}"\n`,
    (name: string, hidden: string) => `${name}: |\n  ${hidden}\n`,
    (name: string, hidden: string) => `{"${name}": "${hidden}", "b": *c}`,
    (name: string, hidden: string) => `a: &a "${hidden}"\n${name}: *a\n`,
    (name: string, hidden: string) => `${name}: {{ "${hidden}" }}\n`,
  )
  fc.assert(
    fc.property(secret, secretKey, layout, fc.nat(60), junk, (hidden, name, write, at, piece) => {
      const text = write(name, hidden)
      const start = text.indexOf(hidden)
      // Anything may be broken but the name and the secret, and an alias that says which value is secret.
      const isBreakable = at > start + hidden.length && !text.startsWith('a: &a')
      const broken = isBreakable ? text.slice(0, at) + piece + text.slice(at) : `${piece.replace('#', '')}\n${text}`
      for (const candidate of [text, broken]) {
        expect(JSON.stringify(readK3sConfigFile(mainFile, candidate))).not.toContain(hidden)
      }
    }),
    { numRuns: runs },
  )
})

function merged(files: readonly ConfigFileReading[]): (readonly [string, readonly string[]])[] {
  return mergeConfigFiles(files).map(({ key: name, values }) => [name, values.map(({ text }) => text)])
}

function textsOf(read: ConfigValue): unknown {
  if (read.kind === 'map') return {}
  return read.kind === 'scalar' ? read.text : read.items.map(textsOf)
}

function shape(reading: ConfigFileReading): unknown {
  return reading.entries.map((entry) => [entry.key, entry.appends, textsOf(entry.value)])
}

/** Texts in quotes, null as null, mappings as empty ones. */
function reprinted(reading: ConfigFileReading): string {
  const print = (read: ConfigValue): string => {
    if (read.kind === 'map') return '{}'
    if (read.kind === 'list') return `[${read.items.map(print).join(', ')}]`
    return read.type === 'null' ? 'null' : JSON.stringify(read.text)
  }
  return reading.entries
    .map((entry) => `${JSON.stringify(`${entry.key}${entry.appends ? '+' : ''}`)}: ${print(entry.value)}\n`)
    .join('')
}

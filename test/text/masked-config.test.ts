import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ConfigFileReading } from '../../src/domain/k3s-config-reading.ts'
import { mergeConfigFiles } from '../../src/k3s/config/merge-config.ts'
import { readK3sConfigFile } from '../../src/text/k3s-config-file.ts'
import { maskedConfig } from '../../src/text/masked-config.ts'

const path = '/etc/rancher/k3s/config.yaml'

test('a file without secrets stays as it is, comments and all', () => {
  const text = '# two servers\nflannel-backend: host-gw # fast\n'
  expect(maskedConfig(path, text)).toBe(text)
})

test('of one with secrets the settings are left, each on its line', () => {
  const text = `# token: CANARY-1
node-label+: [a=b, "c: d"]
token: |
  CANARY-2
write-kubeconfig-mode: 0644
nothing: ~
my-password: CANARY-3
`
  expect(maskedConfig(path, text)).toBe(
    '\n"node-label+": ["a=b", "c: d"]\n"token": "********"\n\n"write-kubeconfig-mode": 0644\n"nothing": null\n"my-password": "********"\n',
  )
})

test('a file that cannot be read has no text', () => {
  expect(maskedConfig(path, 'token: [CANARY\n')).toBeUndefined()
})

test('K3s is told the same by it', () => {
  const scalar = fc.constantFrom('a', '"b: c"', '0644', '1_000', 'yes', '~', '2001-01-01', '1.50', '"x\\ny"', "'*'")
  const value = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
  )
  const keys = fc.constantFrom('token', 'node-label', 'node-label+', 'disable', 'tls-san+', 'debug', 'agent-token')
  const told = (file: ConfigFileReading) =>
    mergeConfigFiles([file]).map(({ key, values }) => [key, values.map(({ text }) => text)])
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, value), { maxLength: 6 }), (entries) => {
      const text = entries.map(([key, written]) => `${key}: ${written}\n`).join('')
      const masked = maskedConfig(path, text)
      if (masked === undefined) throw new Error('not read')
      expect(told(readK3sConfigFile(path, masked).file)).toEqual(told(readK3sConfigFile(path, text).file))
    }),
  )
})

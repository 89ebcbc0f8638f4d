import { expect, test } from 'vitest'
import { lineOfSecretValue } from '../../src/text/secret-values.ts'

test.each([
  'password: hunter2',
  '  adminPassword: "hunter2"',
  '{"apiKey": "abc"}',
  'args: ["--token=abc"]',
  'exec app --password hunter2',
  'clientSecret: abc # rotate',
  'password: |',
  '-----BEGIN RSA PRIVATE KEY-----',
  'dsn: postgres://app:hunter2@db/app',
])('%s seems to hold a secret', (line) => expect(lineOfSecretValue(`a: 1\n${line}\n`)).toBe(2))

test('a variable of a pod', () => {
  expect(lineOfSecretValue('env:\n  - name: DB_PASSWORD\n    value: hunter2\n')).toBe(3)
  expect(lineOfSecretValue('env:\n  - name: DB_PASSWORD\n    valueFrom: {}\n')).toBeUndefined()
})

test.each([
  'secretName: dashboard-tls',
  'existingSecret: grafana',
  'secretKeyRef:',
  'automountServiceAccountToken: false',
  'token: ""',
  'passwordFile: /run/secrets/db',
  'token: /var/run/token',
  'password: $(DB_PASSWORD)',
  'password: {{ .Values.password }}',
  'basicAuth: { secret: users }',
  'image: https://registry.example/app',
  'tokenReviews: [a]',
])('%s does not', (line) => expect(lineOfSecretValue(line)).toBeUndefined())

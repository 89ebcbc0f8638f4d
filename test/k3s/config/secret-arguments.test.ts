import { expect, test } from 'vitest'
import { withoutSecretArguments, withoutSecretVariables } from '../../../src/k3s/config/secret-arguments.ts'

test('secret values of a command line are taken out, in both spellings and of aliases too', () => {
  const args = ['k3s', 'server', '--token', 'a', '--agent-token=b', '-datastore-endpoint=pg://u:p@h', '-t', 'c']
  expect(withoutSecretArguments([...args, '--token-file', '/x', '-d', '/y'])).toEqual([
    'k3s',
    'server',
    '--token',
    '********',
    '--agent-token=********',
    '-datastore-endpoint=********',
    '-t',
    '********',
    '--token-file',
    '/x',
    '-d',
    '/y',
  ])
})

test('secret variables are taken out, and the password of a proxy', () => {
  expect(
    withoutSecretVariables({
      K3S_TOKEN: 'a',
      K3S_URL: 'https://pi-1:6443',
      HTTPS_PROXY: 'http://ada:secret@proxy:3128',
      NO_PROXY: '10.0.0.0/8',
    }),
  ).toEqual({
    K3S_TOKEN: '********',
    K3S_URL: 'https://pi-1:6443',
    HTTPS_PROXY: 'http://********@proxy:3128',
    NO_PROXY: '10.0.0.0/8',
  })
})

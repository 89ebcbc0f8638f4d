import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type KubeTarget, loadKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts'
import { Failure } from '../../../src/domain/failure.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

function configOf(name: string, extra: object = {}, user: object = {}): string {
  return JSON.stringify({
    clusters: [{ name, cluster: { server: `https://${name}:6443` } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
    ...extra,
  })
}

async function files(texts: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const directory = await temporaryDirectory()
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(directory, name), text)
  return (name) => join(directory, name)
}

function failureOf(target: KubeTarget): Failure {
  try {
    loadKubeconfig(target)
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const serverOf = (target: KubeTarget): string | undefined => loadKubeconfig(target).getCurrentCluster()?.server

test('several files are one kubeconfig; the first current context holds, and of a name the first entry', async () => {
  const at = await files({ a: configOf('one'), b: configOf('two'), c: configOf('one', { clusters: [] }) })
  expect(serverOf({ kubeconfigs: [at('a'), at('b'), at('c')] })).toBe('https://one:6443')
  expect(serverOf({ kubeconfigs: [at('b'), at('a')] })).toBe('https://two:6443')
  expect(serverOf({ kubeconfigs: [at('a'), at('b')], context: 'two' })).toBe('https://two:6443')
})

test('a file of the list that is not there is passed over, as kubectl does, unless none is there', async () => {
  const at = await files({ a: configOf('one') })
  expect(serverOf({ kubeconfigs: [at('absent'), at('a')] })).toBe('https://one:6443')
  expect(failureOf({ kubeconfigs: [at('absent')] }).detail).toMatchObject({
    code: 'KUBE_CONFIG_MISSING',
    where: at('absent'),
  })
})

test('without files it is the one of the home directory', async () => {
  const home = await temporaryDirectory()
  mkdirSync(join(home, '.kube'))
  writeFileSync(join(home, '.kube/config'), configOf('home'))
  expect(serverOf({ kubeconfigs: [], home })).toBe('https://home:6443')
})

test('paths in a kubeconfig begin at its own directory', async () => {
  const at = await files({ a: configOf('one', {}, { 'client-certificate': 'a.crt', 'client-key': '/b.key' }) })
  const user = loadKubeconfig({ kubeconfigs: [at('a')] }).getCurrentUser()
  expect(user).toMatchObject({ certFile: at('a.crt'), keyFile: '/b.key' })
})

const refused = [
  { name: 'no such context', text: configOf('one'), context: 'two', code: 'KUBE_CONTEXT_MISSING', told: /looked in/ },
  {
    name: 'no current context',
    text: configOf('one', { 'current-context': '' }),
    code: 'KUBE_CONTEXT_MISSING',
    told: /./,
  },
  {
    name: 'a context of no cluster',
    text: configOf('one', { clusters: [] }),
    code: 'KUBE_CONFIG_INVALID',
    told: /cluster/,
  },
  { name: 'a context of no user', text: configOf('one', { users: [] }), code: 'KUBE_CONFIG_INVALID', told: /user/ },
  { name: 'an empty file', text: '', code: 'KUBE_CONFIG_INVALID', told: /right form/ },
  { name: 'no YAML', text: 'token: "hunter2\n  - [', code: 'KUBE_CONFIG_INVALID', told: /right form/ },
  { name: 'a list', text: '[hunter2]', code: 'KUBE_CONTEXT_MISSING', told: /no current context/ },
  {
    name: 'impersonated groups',
    text: configOf('one', {}, { token: 'hunter2', as: 'me', 'as-groups': ['a'] }),
    code: 'KUBE_CONFIG_UNSUPPORTED',
    told: /as-groups of user "one"/,
  },
] as const

for (const { name, text, code, told, ...target } of refused) {
  test(`${name} is ${code}, and nothing of the file is repeated`, async () => {
    const at = await files({ a: text })
    const failure = failureOf({ kubeconfigs: [at('a')], ...target })
    expect(failure.detail.code).toBe(code)
    expect(failure.message).toMatch(told)
    expect(`${failure.message} ${JSON.stringify(failure.detail)} ${String(failure.cause)}`).not.toContain('hunter2')
  })
}

test('a directory in place of the file is KUBE_CONFIG_INVALID with the reason of the system', async () => {
  const directory = await temporaryDirectory()
  const failure = failureOf({ kubeconfigs: [directory] })
  expect(failure.detail.code).toBe('KUBE_CONFIG_INVALID')
  expect(failure.message).toContain('EISDIR')
})

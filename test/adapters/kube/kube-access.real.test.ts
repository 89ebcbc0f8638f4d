import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openClusterReader } from '../../../src/adapters/kube/cluster-reader.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'
import { failureOf, listen, portOf, readCluster } from './reading.ts'
import { answerAsEmptyCluster, startStandIn, writeKubeconfig } from './stand-in-api.ts'
import { socksServer } from './stand-in-proxies.ts'

const logins = [
  { name: 'a token', user: { token: 'secret-token' }, header: 'Bearer secret-token' },
  {
    name: 'a name and a password',
    user: { username: 'me', password: 'p' },
    header: `Basic ${Buffer.from('me:p').toString('base64')}`,
  },
] as const

for (const { name, user, header } of logins) {
  test(`${name} of the kubeconfig is sent with every request`, async () => {
    const { url, requests } = await startStandIn(answerAsEmptyCluster)
    await readCluster({ cluster: { server: url }, user })
    expect(new Set(requests.map(({ headers }) => headers.authorization))).toEqual(new Set([header]))
  })
}

test('a token file is read, relative to the kubeconfig and without its line break', async () => {
  const { url, requests } = await startStandIn(answerAsEmptyCluster)
  const kubeconfig = await writeKubeconfig({ cluster: { server: url }, user: { tokenFile: 'token' } })
  writeFileSync(join(kubeconfig, '../token'), 'from-file\n')
  await openClusterReader({ kubeconfigs: [kubeconfig] }).read(new AbortController().signal)
  expect(requests[0]?.headers.authorization).toBe('Bearer from-file')
})

test('impersonation of a user is passed on', async () => {
  const { url, requests } = await startStandIn(answerAsEmptyCluster)
  await readCluster({ cluster: { server: url }, user: { token: 't', as: 'viewer' } })
  expect(requests[0]?.headers['impersonate-user']).toBe('viewer')
})

test('an exec plugin logs in; one that fails is KUBE_CREDENTIALS without its words', async () => {
  const { url, requests } = await startStandIn(answerAsEmptyCluster)
  const credential = { kind: 'ExecCredential', status: { token: 'from-plugin' } }
  const works = await plugin(`echo '${JSON.stringify(credential)}'`)
  await readCluster({ cluster: { server: url }, user: { exec: { command: works } } })
  expect(requests[0]?.headers.authorization).toBe('Bearer from-plugin')

  const fails = await plugin('echo "tried with hunter2" >&2; exit 3')
  const failure = await failureOf(readCluster({ cluster: { server: url }, user: { exec: { command: fails } } }))
  expect(failure.detail).toMatchObject({ code: 'KUBE_CREDENTIALS', where: url })
  expect(`${failure.message} ${String(failure.cause)}`).not.toContain('hunter2')

  const missing = await failureOf(
    readCluster({ cluster: { server: url }, user: { exec: { command: '/nowhere/plugin' } } }),
  )
  expect(missing.message).toContain('ENOENT')
})

test('the proxy of the kubeconfig is used, with its credentials', async () => {
  const api = await startStandIn(answerAsEmptyCluster)
  const proxy = await startStandIn((request, response) => answerAsEmptyCluster(absoluteToPath(request), response))
  const proxyUrl = proxy.url.replace('//', '//me:p@')
  await readCluster({ cluster: { server: api.url, 'proxy-url': proxyUrl } })
  expect(api.requests).toEqual([])
  expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('me:p').toString('base64')}`)
})

test('a SOCKS 5 proxy of the kubeconfig is used', async () => {
  const api = await startStandIn(answerAsEmptyCluster)
  const targets: string[] = []
  const port = await portOf(await listen(socksServer(targets)))
  const { serverVersion } = await readCluster({
    cluster: { server: api.url, 'proxy-url': `socks5://127.0.0.1:${port}` },
  })
  expect(serverVersion).toBe('v1.17.2+k3s1')
  expect(targets[0]).toBe(new URL(api.url).host)
})

const refusedServers = [
  {
    name: 'a proxy of another kind',
    cluster: { 'proxy-url': 'socks4://127.0.0.1:1' },
    code: 'KUBE_CONFIG_UNSUPPORTED',
  },
  { name: 'a proxy that is no URL', cluster: { 'proxy-url': 'proxy' }, code: 'KUBE_CONFIG_INVALID' },
  { name: 'a server that is no URL', cluster: { server: 'hunter2' }, code: 'KUBE_CONFIG_INVALID' },
  { name: 'a server with a password', cluster: { server: 'https://a:hunter2@h' }, code: 'KUBE_CONFIG_INVALID' },
  { name: 'plain HTTP', cluster: { 'insecure-skip-tls-verify': false }, code: 'KUBE_CONFIG_INVALID' },
  {
    name: 'certificates that are none',
    cluster: { server: 'https://h', 'certificate-authority': '/nowhere' },
    code: 'KUBE_CREDENTIALS',
  },
] as const

for (const { name, cluster, code } of refusedServers) {
  test(`${name} is ${code}, before anything is sent`, async () => {
    const failure = await failureOf(readCluster({ cluster: { server: 'http://127.0.0.1:1', ...cluster } }))
    expect(failure.detail.code).toBe(code)
    expect(`${failure.message} ${JSON.stringify(failure)}`).not.toContain('hunter2')
  })
}

async function plugin(script: string): Promise<string> {
  const path = join(await temporaryDirectory(), 'plugin')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

/** A proxy gets the whole address of the server in the request line. */
function absoluteToPath<T extends { url?: string | undefined }>(request: T): T {
  request.url = new URL(request.url ?? '').pathname
  return request
}

import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { expect, onTestFinished, test } from 'vitest'
import { openControllerApi } from '../../../src/adapters/kube/controller-api.ts'
import { issueCertificate, makeAuthority } from '../../cluster/certificates.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'
import { sendJson, writeKubeconfig } from './stand-in-api.ts'

const signal = new AbortController().signal
const configMaps = { apiVersion: 'v1', kind: 'ConfigMap' } as const
const resources = [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true, verbs: ['get', 'list'] }]

/** An API server with a certificate, and a pod on its machine: its home has no kubeconfig. */
async function podBesideServer() {
  const directory = await temporaryDirectory()
  const authority = makeAuthority(directory, 'authority')
  const alternativeNames = ['IP:127.0.0.1']
  const pair = issueCertificate(authority, directory, 'server', { commonName: 'server', alternativeNames })
  const logins: (string | undefined)[] = []
  const server = createServer(
    { key: readFileSync(pair.keyFile), cert: readFileSync(pair.certFile) },
    ({ headers, url }, response) => {
      logins.push(headers.authorization)
      const isDiscovery = url === '/api/v1'
      sendJson(
        response,
        isDiscovery ? { kind: 'APIResourceList', resources } : { kind: 'List', metadata: {}, items: [] },
      )
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  copyFileSync(authority.certFile, `${directory}/ca.crt`)
  writeFileSync(`${directory}/token`, 'first\n')
  const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(address.port) }
  return { directory, environment, logins, target: { kubeconfigs: [], home: directory } }
}

test('a pod logs in with the token of its ServiceAccount, and with the new one once it was replaced', async () => {
  const { directory, environment, logins, target } = await podBesideServer()
  const objects = await openControllerApi(target, signal, { loginLivesMs: 0 }, { environment, directory })
  onTestFinished(() => objects.close())
  expect(await objects.list(configMaps, signal)).toMatchObject({ items: [] })
  writeFileSync(`${directory}/token`, 'second\n')
  await objects.list(configMaps, signal)
  expect([logins.at(0), logins.at(-1)]).toEqual(['Bearer first', 'Bearer second'])
})

test('a server that another authority vouches for gets no token', async () => {
  const { directory, environment, logins, target } = await podBesideServer()
  copyFileSync(makeAuthority(directory, 'stranger').certFile, `${directory}/ca.crt`)
  const objects = await openControllerApi(target, signal, {}, { environment, directory })
  onTestFinished(() => objects.close())
  await expect(objects.list(configMaps, signal)).rejects.toMatchObject({ detail: { code: 'KUBE_TLS' } })
  expect(logins).toEqual([])
})

test('a kubeconfig counts before the ServiceAccount, and what is wrong with it is said', async () => {
  const { directory, environment, logins } = await podBesideServer()
  const kubeconfig = await writeKubeconfig({ cluster: { server: 'no URL' }, user: { token: 'x' } })
  const opened = openControllerApi({ kubeconfigs: [kubeconfig] }, signal, {}, { environment, directory })
  await expect(opened).rejects.toMatchObject({ detail: { code: 'KUBE_CONFIG_INVALID' } })
  const missing = openControllerApi({ kubeconfigs: ['/nowhere'] }, signal, {}, { environment, directory })
  await expect(missing).rejects.toMatchObject({ detail: { code: 'KUBE_CONFIG_MISSING' } })
  expect(logins).toEqual([])
})

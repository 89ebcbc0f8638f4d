import { mkdir, writeFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { describe, expect, test } from 'vitest'
import { certificateKubeconfig } from '../../../src/adapters/kube/agent-kubeconfig.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

/** As K3s writes it for its kubelet. */
const kubelet = (user: string, server = 'https://127.0.0.1:6444', cluster = ''): string => `apiVersion: v1
clusters:
- cluster:
    server: ${server}
    certificate-authority: /var/lib/rancher/k3s/agent/server-ca.crt
${cluster}
  name: local
contexts:
- context:
    cluster: local
    namespace: default
    user: user
  name: Default
current-context: Default
kind: Config
preferences: {}
users:
- name: user
  user:
${user}
`
const certificate = `    client-certificate: /var/lib/rancher/k3s/agent/client-kubelet.crt
    client-key: /var/lib/rancher/k3s/agent/client-kubelet.key`

async function machineWith(text: string): Promise<{ readonly root: string; readonly file: string }> {
  const root = await temporaryDirectory()
  const agent = `${root}/var/lib/rancher/k3s/agent`
  await mkdir(agent, { recursive: true })
  for (const name of ['server-ca.crt', 'client-kubelet.crt', 'client-kubelet.key'])
    await writeFile(`${agent}/${name}`, name)
  await writeFile(`${agent}/kubelet.kubeconfig`, text)
  return { root, file: `${agent}/kubelet.kubeconfig` }
}

describe('the kubeconfig of the kubelet', () => {
  test('is read with the files that it names, below the root of its machine, each time anew', async () => {
    const { root, file } = await machineWith(kubelet(certificate))
    const config = certificateKubeconfig(file, root)
    expect(config?.getCurrentCluster()).toMatchObject({ server: 'https://127.0.0.1:6444' })
    const options: RequestOptions = {}
    await config?.applyToHTTPSOptions(options)
    expect([options.ca, options.cert, options.key].map(String)).toEqual([
      'server-ca.crt',
      'client-kubelet.crt',
      'client-kubelet.key',
    ])
    await writeFile(`${root}/var/lib/rancher/k3s/agent/client-kubelet.crt`, 'renewed')
    await config?.applyToHTTPSOptions(options)
    expect(String(options.cert)).toBe('renewed')
  })

  const others: Readonly<Record<string, string>> = {
    'a token': kubelet('    token: abc'),
    'a token beside the certificate': kubelet(`${certificate}\n    token: abc`),
    'a plugin': kubelet('    exec: {command: login}'),
    'somebody else to act as': kubelet(`${certificate}\n    as: admin`),
    'a proxy': kubelet(certificate, undefined, '    proxy-url: http://proxy'),
    'no checks': kubelet(certificate, undefined, '    insecure-skip-tls-verify: true'),
    'another name for the server': kubelet(certificate, undefined, '    tls-server-name: x'),
    'another machine, that a proxy may stand before': kubelet(certificate, 'https://10.0.0.1:6443'),
    'no login': kubelet('    {}'),
  }
  for (const [what, text] of Object.entries(others)) {
    test(`with ${what} is for the whole client`, async () => {
      const { root, file } = await machineWith(text)
      expect(certificateKubeconfig(file, root)).toBeUndefined()
    })
  }

  test('is missing until K3s has run', () => {
    expect(() => certificateKubeconfig('/nowhere/kubelet.kubeconfig', '/')).toThrowError(
      expect.objectContaining({ detail: expect.objectContaining({ code: 'KUBE_CONFIG_MISSING' }) }),
    )
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TestApiServer } from '../cluster/api-server.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'

/** Inside a namespace nobody else listens. */
const port = 6444

/** Listens inside the namespace, and passes everything on to a socket that every namespace sees: a path on the disk. */
const relay = `
const { connect, createServer } = require('node:net')
createServer((inside) => {
  const outside = connect(process.argv[1])
  for (const end of [inside, outside]) end.on('error', () => { inside.destroy(); outside.destroy() })
  inside.pipe(outside).pipe(inside)
}).listen(${port}, '127.0.0.1', () => console.log('listening'))
`

/**
 * Makes the API server of a test reachable from a network namespace as K3s does on a node: at a port of 127.0.0.1, by the
 * kubeconfig of the node's kubelet.
 *
 * @param root of the machine that the agent takes for its own
 */
export async function apiInNamespace(
  server: TestApiServer,
  machine: { readonly namespace: string; readonly root: string; readonly node: string },
): Promise<void> {
  const { namespace, root, node } = machine
  const path = join(await temporaryDirectory(), 'api.sock')
  await passOn(path, Number(new URL(server.url).port))
  await startRelay(namespace, path)
  const kubeconfig = join(root, 'var/lib/rancher/k3s/agent/kubelet.kubeconfig')
  mkdirSync(dirname(kubeconfig), { recursive: true })
  const identity = readFileSync(server.kubeconfigOf(`system:node:${node}`, ['system:nodes']), 'utf8')
  writeFileSync(kubeconfig, identity.replace(/https:\/\/127\.0\.0\.1:\d+/, `https://127.0.0.1:${port}`))
}

async function passOn(path: string, to: number): Promise<void> {
  const server = createServer((inside) => {
    const outside = connect(to, '127.0.0.1')
    for (const end of [inside, outside]) {
      end.on('error', () => {
        inside.destroy()
        outside.destroy()
      })
    }
    inside.pipe(outside).pipe(inside)
  })
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    rmSync(path, { force: true })
  })
}

async function startRelay(namespace: string, path: string): Promise<void> {
  const argv = ['netns', 'exec', namespace, process.execPath, '-e', relay, path]
  const child: ChildProcess = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.stdout !== null) await once(child.stdout, 'data')
}

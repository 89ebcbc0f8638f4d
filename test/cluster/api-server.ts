import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Agent } from 'undici'
import { test } from 'vitest'
import { cachedApiServer } from '../../scripts/build-apiserver.ts'
import { ApiWriter } from './api-writer.ts'
import { issueCertificate, type KeyPair, makeAuthority, type Subject } from './certificates.ts'
import { type ChildServer, freePorts, startChild, untilReady } from './child-server.ts'

/** A kube-apiserver and its etcd, alone on loopback, empty, and gone with the test. */
export interface TestApiServer {
  readonly url: string
  readonly caFile: string
  /** Of an administrator. */
  readonly kubeconfig: string
  /** For what a test puts into the cluster, as an administrator. */
  readonly writer: ApiWriter
  /** Process ids as of now, for tests that end or stop one of them. */
  readonly pids: Readonly<Record<ServerPart, number>>
  /** Ends one of the two by its process id; what the other one does without it is the matter of the test. */
  kill(part: ServerPart, signal?: NodeJS.Signals): Promise<void>
  /** Starts one that was killed, with the same data and on the same ports; resolves when the API server is ready. */
  start(part: ServerPart): Promise<void>
  /** A key and a certificate of the cluster's authority, in files of the server's directory. */
  issue(name: string, subject: Subject): KeyPair
  /** A kubeconfig file of somebody else, by a certificate of the cluster. */
  kubeconfigOf(commonName: string, organizations?: readonly string[]): string
  stop(): Promise<void>
}

export type ServerPart = 'etcd' | 'apiServer'

const binary = binaryOf(process.env)
const etcd = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'etcd'))
  .find((path) => existsSync(path))
const obstacle = obstacleToStart()
let registered = 0

/** `FAIRLEAD_TEST_APISERVER` names another one than the one that `scripts/build-apiserver.ts` built. */
function binaryOf(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['FAIRLEAD_TEST_APISERVER'] || cachedApiServer(environment)
}

function obstacleToStart(): string | undefined {
  if (!existsSync(binary)) return `no kube-apiserver at ${binary}; scripts/build-apiserver.ts builds it`
  return etcd === undefined ? 'no etcd on the path; Debian has it as etcd-server' : undefined
}

export const hasApiServer = obstacle === undefined

/** A test that is skipped by name where there is no API server. */
export function clusterTest(name: string, run: () => Promise<void>): void {
  registered += 1
  test.skipIf(!hasApiServer)(name, run)
}

/** Called after the last test was declared: what was skipped is said, and never passes silently. */
export function saySkipped(): void {
  if (obstacle !== undefined) process.stderr.write(`SKIPPED cluster: ${registered} tests, ${obstacle}\n`)
}

const readyWithinMs = 60_000

export async function startApiServer(): Promise<TestApiServer> {
  if (obstacle !== undefined) throw new Error(obstacle)
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-cluster-'))
  const keys = makeKeys(directory)
  const [clientPort = 0, peerPort = 0, securePort = 0] = await freePorts(3)
  const url = `https://127.0.0.1:${securePort}`
  const starts: Readonly<Record<ServerPart, () => ChildServer>> = {
    etcd: () => startChild(etcd ?? 'etcd', etcdArguments(directory, clientPort, peerPort), join(directory, 'etcd.log')),
    apiServer: () =>
      startChild(binary, apiServerArguments(keys, clientPort, securePort), join(directory, 'kube-apiserver.log')),
  }
  const servers = { etcd: starts.etcd(), apiServer: starts.apiServer() }
  const stop = async (): Promise<void> => {
    await servers.apiServer.stop('SIGKILL')
    await servers.etcd.stop('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  const caFile = keys.authority.certFile
  const kubeconfigOf = (commonName: string, organizations: readonly string[] = []): string => {
    const name = `client-${commonName.replaceAll(':', '-')}`
    const pair = issueCertificate(keys.authority, directory, name, { commonName, organizations })
    return writeKubeconfig(join(directory, `${name}.kubeconfig`), { url, caFile, pair })
  }
  try {
    const administrator = issueCertificate(keys.authority, directory, 'administrator', {
      commonName: 'administrator',
      organizations: ['system:masters'],
    })
    const dispatcher = new Agent({
      connections: 16,
      connect: {
        ca: readFileSync(caFile),
        cert: readFileSync(administrator.certFile),
        key: readFileSync(administrator.keyFile),
      },
    })
    const writer = new ApiWriter(url, dispatcher)
    const untilServing = async (): Promise<void> => {
      const isHealthy = async (): Promise<boolean> => (await statusOf(`http://127.0.0.1:${clientPort}/health`)) === 200
      await untilReady('etcd', servers.etcd, readyWithinMs, isHealthy)
      await untilReady('kube-apiserver', servers.apiServer, readyWithinMs, () => writer.isReady())
    }
    await untilServing()
    return {
      url,
      caFile,
      kubeconfig: writeKubeconfig(join(directory, 'administrator.kubeconfig'), { url, caFile, pair: administrator }),
      writer,
      get pids() {
        return { etcd: servers.etcd.pid, apiServer: servers.apiServer.pid }
      },
      kill: (part, signal = 'SIGKILL') => servers[part].stop(signal),
      async start(part) {
        servers[part] = starts[part]()
        await untilServing()
      },
      issue: (name, subject) => issueCertificate(keys.authority, directory, name, subject),
      kubeconfigOf,
      stop: async () => {
        await writer.close()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Keys {
  readonly authority: KeyPair
  readonly server: KeyPair
  readonly tokens: KeyPair
}

function makeKeys(directory: string): Keys {
  const authority = makeAuthority(directory, 'authority')
  return {
    authority,
    server: issueCertificate(authority, directory, 'server', {
      commonName: 'kube-apiserver',
      alternativeNames: ['IP:127.0.0.1', 'DNS:localhost', 'DNS:kubernetes.default.svc'],
    }),
    tokens: makeAuthority(directory, 'service-account-tokens'),
  }
}

function etcdArguments(directory: string, clientPort: number, peerPort: number): readonly string[] {
  const [client, peer] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`]
  const data = join(directory, 'etcd')
  mkdirSync(data, { mode: 0o700, recursive: true })
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing of it is to survive.
    '--unsafe-no-fsync',
  ]
}

/** Only what every release from 1.20 knows. */
function apiServerArguments({ authority, server, tokens }: Keys, etcdPort: number, port: number): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--tls-cert-file=${server.certFile}`,
    `--tls-private-key-file=${server.keyFile}`,
    `--client-ca-file=${authority.certFile}`,
    '--authorization-mode=Node,RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${tokens.certFile}`,
    `--service-account-signing-key-file=${tokens.keyFile}`,
    '--service-cluster-ip-range=10.43.0.0/16',
    '--allow-privileged=true',
    // No controller makes the accounts that it would ask for.
    '--disable-admission-plugins=ServiceAccount',
    '--profiling=false',
  ]
}

async function statusOf(url: string): Promise<number | undefined> {
  return await fetch(url).then(
    (response) => response.status,
    () => undefined,
  )
}

interface Client {
  readonly url: string
  readonly caFile: string
  readonly pair: KeyPair
}

function writeKubeconfig(path: string, { url, caFile, pair }: Client): string {
  const base64 = (file: string): string => readFileSync(file).toString('base64')
  const user = { 'client-certificate-data': base64(pair.certFile), 'client-key-data': base64(pair.keyFile) }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority-data': base64(caFile) } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  }
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 })
  return path
}

import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { asList, asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import { readYamlMap } from '../../text/yaml-read.ts'
import { isLoopback } from './kube-endpoint.ts'
import { kubeFailure } from './kube-failures.ts'
import type { LoginConfig } from './kube-login.ts'

const clusterFields = ['server', 'certificate-authority', 'certificate-authority-data']
const userFields = ['client-certificate', 'client-certificate-data', 'client-key', 'client-key-data']

/**
 * A kubeconfig that leads to this machine, logs in with a certificate and asks for nothing else, as those that K3s writes
 * for its own components do, read without the Kubernetes client: that takes more memory than an agent at rest may.
 *
 * @param root of the machine whose file it is: paths in it are below
 * @returns undefined for one that asks for anything else
 * @throws Failure KUBE_CONFIG_MISSING, KUBE_CONFIG_INVALID
 * @see k3s-io/k3s pkg/agent/config/config.go (`kubelet.kubeconfig`)
 */
export function certificateKubeconfig(file: string, root: string): LoginConfig | undefined {
  const { cluster, user } = currentOf(documentOf(file))
  const server = textIn(cluster['server'])
  const isPlain =
    server !== undefined &&
    // Another machine may have to be reached by a proxy.
    URL.canParse(server) &&
    isLoopback(new URL(server).hostname) &&
    onlyHas(cluster, clusterFields) &&
    onlyHas(user, userFields) &&
    has(user, 'client-certificate') &&
    has(user, 'client-key')
  if (!isPlain) return undefined
  const material = (record: Json, field: string): Buffer | undefined => materialOf(record, field, file, root)
  return {
    getCurrentCluster: () => ({ server, skipTLSVerify: false }),
    applyToHTTPSOptions: async (options) => {
      options.ca = material(cluster, 'certificate-authority')
      options.cert = material(user, 'client-certificate')
      options.key = material(user, 'client-key')
    },
  }
}

/**
 * Which node the kubelet is that a kubeconfig belongs to, as the API knows it: K3s may have got its name from a flag, or
 * have put an id of its own behind it.
 *
 * @returns undefined where there is no kubeconfig yet, or it is somebody else's
 * @see k8s.io/kubernetes pkg/auth/nodeidentifier/default.go (`system:node:<name>`)
 */
export function nodeOfKubeconfig(file: string, root: string): string | undefined {
  try {
    const certificate = materialOf(currentOf(documentOf(file)).user, 'client-certificate', file, root)
    if (certificate === undefined) return undefined
    const { subject } = new X509Certificate(certificate)
    return /^CN=system:node:(\S+)$/m.exec(subject)?.[1]
  } catch {
    // K3s may be writing it; who logs in with it says what is wrong with it.
    return undefined
  }
}

/** Another one as soon as the file is another one; certificates that it names are read anew with every login. */
export function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? 'absent' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`
}

function materialOf(record: Json, field: string, file: string, root: string): Buffer | undefined {
  const data = textIn(record[`${field}-data`])
  if (data !== undefined) return Buffer.from(data, 'base64')
  const path = textIn(record[field])
  if (path === undefined) return undefined
  return readFileSync(path.startsWith('/') ? `${root === '/' ? '' : root}${path}` : resolve(dirname(file), path))
}

function documentOf(file: string): Json {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = textIn(asRecord(error)['code']) ?? 'it cannot be read'
    throw code === 'ENOENT' ? kubeFailure('KUBE_CONFIG_MISSING', file) : kubeFailure('KUBE_CONFIG_INVALID', file, code)
  }
  return readYamlMap(text)
}

function currentOf(document: Json): { readonly cluster: Json; readonly user: Json } {
  const named = (list: string, field: string, name: unknown): Json =>
    asRecord(
      asList(document[list])
        .map(asRecord)
        .find((item) => item['name'] === name)?.[field],
    )
  const context = named('contexts', 'context', document['current-context'])
  return { cluster: named('clusters', 'cluster', context['cluster']), user: named('users', 'user', context['user']) }
}

function onlyHas(record: Json, fields: readonly string[]): boolean {
  return Object.entries(record).every(([field, value]) => fields.includes(field) || value === '' || value === null)
}

function has(record: Json, field: string): boolean {
  return textIn(record[field]) !== undefined || textIn(record[`${field}-data`]) !== undefined
}

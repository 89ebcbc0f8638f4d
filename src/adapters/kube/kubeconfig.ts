import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { asList, asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import { readYamlMap } from '../../text/yaml-read.ts'
import type { KubeSource } from './kube-access.ts'
import { hasCode, kubeFailure } from './kube-failures.ts'
import { k3sKubeconfig, kubeconfigPlaces, serviceAccountDirectory } from './kubeconfig-places.ts'

export interface KubeTarget {
  /** The files of KUBECONFIG in their order, or the one of `--kubeconfig`; none means the usual places. */
  readonly kubeconfigs: readonly string[]
  /** Instead of the current one. */
  readonly context?: string
  /** Where `.kube/config` is looked for; the home directory unless told. */
  readonly home?: string
}

export function kubeSource(target: KubeTarget): KubeSource {
  return {
    load: () => loadKubeconfig(target),
    fingerprint: () => candidateFiles(target).map(fileStamp).join('\n'),
  }
}

/**
 * The kubeconfig, merged from its files as kubectl does: of two entries of one name the first counts, and so does the
 * first current context. Without files it is `~/.kube/config`, else K3s's own on a server, else the ServiceAccount of
 * the pod that this runs in.
 *
 * @throws Failure KUBE_CONFIG_MISSING, KUBE_CONFIG_INVALID, KUBE_CONFIG_UNSUPPORTED, KUBE_CONTEXT_MISSING
 * @see k8s.io/client-go tools/clientcmd/loader.go `ClientConfigLoadingRules`
 */
export function loadKubeconfig(target: KubeTarget): KubeConfig {
  const files = kubeconfigFiles(target)
  const merged = new KubeConfig()
  if (files.length === 0) {
    if (!existsSync(`${serviceAccountDirectory}/token`)) throw kubeFailure('KUBE_CONFIG_MISSING', k3sKubeconfig)
    merged.loadFromCluster()
    return merged
  }
  for (const file of files) takeIn(merged, file)
  if (target.context !== undefined) merged.setCurrentContext(target.context)
  const shown = files.join(', ')
  const wanted = textIn(merged.getCurrentContext())
  const context = wanted === undefined ? null : merged.getContextObject(wanted)
  if (context === null) {
    const note = wanted === undefined ? 'no current context is set' : `looked in ${shown}`
    throw kubeFailure('KUBE_CONTEXT_MISSING', wanted ?? shown, note)
  }
  if (merged.getCurrentCluster() === null) {
    throw kubeFailure('KUBE_CONFIG_INVALID', shown, `context ${context.name} names a cluster that is not there`)
  }
  if (merged.getCurrentUser() === null) {
    throw kubeFailure('KUBE_CONFIG_INVALID', shown, `context ${context.name} names a user that is not there`)
  }
  return merged
}

function kubeconfigFiles(target: KubeTarget): readonly string[] {
  const present = candidateFiles(target).filter((file) => existsSync(file))
  if (target.kubeconfigs.length === 0) return present.slice(0, 1)
  if (present.length === 0) throw kubeFailure('KUBE_CONFIG_MISSING', target.kubeconfigs.join(', '))
  return present
}

function candidateFiles({ kubeconfigs, home }: KubeTarget): readonly string[] {
  return kubeconfigPlaces(kubeconfigs, home)
}

function fileStamp(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? 'absent' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`
}

function takeIn(merged: KubeConfig, file: string): void {
  const one = new KubeConfig()
  try {
    const text = readFileSync(file, 'utf8')
    one.loadFromString(text)
    one.makePathsAbsolute(dirname(resolve(file)))
    addForgottenFields(one, text, file)
  } catch (error) {
    if (hasCode(error, 'KUBE_CONFIG_UNSUPPORTED')) throw error
    // The parser quotes the line it stopped at, and that line may be a token: its error is not kept.
    const reason = systemCode(error) ?? 'it is no YAML of the right form'
    throw kubeFailure('KUBE_CONFIG_INVALID', file, reason)
  }
  const has = (list: readonly { readonly name: string }[], name: string): boolean =>
    list.some((item) => item.name === name)
  for (const cluster of one.getClusters()) if (!has(merged.getClusters(), cluster.name)) merged.addCluster(cluster)
  for (const user of one.getUsers()) if (!has(merged.getUsers(), user.name)) merged.addUser(user)
  for (const context of one.getContexts()) if (!has(merged.getContexts(), context.name)) merged.addContext(context)
  const current = textIn(one.getCurrentContext())
  if (current !== undefined && textIn(merged.getCurrentContext()) === undefined) merged.setCurrentContext(current)
}

function systemCode(error: unknown): string | undefined {
  const code = asRecord(error)['code']
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : undefined
}

/**
 * Fields of users that the library does not know: a token in a file is read by it all the same, and whoever is to act
 * as a member of other groups must not act as somebody else instead.
 */
function addForgottenFields(config: KubeConfig, text: string, file: string): void {
  const users = asList(readYamlMap(text)['users']).map(asRecord)
  config.users = config.users.map((user) => {
    const written = asRecord(users.find((one) => one['name'] === user.name)?.['user'])
    refuseImpersonation(written, user.name, file)
    const tokenFile = textIn(written['tokenFile'])
    if (tokenFile === undefined || user.token !== undefined) return user
    const path = resolve(dirname(resolve(file)), tokenFile)
    return { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: path } } }
  })
}

function refuseImpersonation(user: Json, name: string, file: string): void {
  const unknown = ['as-groups', 'as-uid', 'as-user-extra'].filter((field) => user[field] !== undefined)
  if (unknown.length > 0) {
    throw kubeFailure('KUBE_CONFIG_UNSUPPORTED', file, `${unknown.join(' and ')} of user ${JSON.stringify(name)}`)
  }
}

import { asRecord, textsIn } from '../../domain/plain-json.ts'
import { findFlag } from '../../k3s/flags/flag-catalogue.ts'
import { namesSecret } from '../../text/secret-names.ts'

export const nodeArgsAnnotation = 'k3s.io/node-args'
export const nodeEnvAnnotation = 'k3s.io/node-env'

const mask = '********'

/**
 * What K3s says it was started with. It masks secrets itself, but not every release masks all of them.
 * @returns undefined when there is no such annotation, or it holds something else
 * @see k3s-io/k3s pkg/nodeconfig/nodeconfig.go `getNodeArgs`
 */
export function nodeArguments(annotations: Readonly<Record<string, string>>): readonly string[] | undefined {
  const value = parsed(annotations[nodeArgsAnnotation])
  if (!Array.isArray(value)) return undefined
  const args = textsIn(value)
  return args.map((arg, position) => {
    const equals = arg.indexOf('=')
    if (equals > 0 && isSecretFlag(arg.slice(0, equals))) return `${arg.slice(0, equals)}=${mask}`
    return isSecretFlag(args[position - 1] ?? '') ? mask : withoutUserInfo(arg)
  })
}

/** The annotations of a node, with what K3s wrote about its start masked as above. */
export function withoutSecretArguments(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const safe = { ...annotations }
  if (annotations[nodeArgsAnnotation] !== undefined) {
    safe[nodeArgsAnnotation] = JSON.stringify(nodeArguments(annotations) ?? [])
  }
  if (annotations[nodeEnvAnnotation] !== undefined) {
    const variables = Object.entries(asRecord(parsed(annotations[nodeEnvAnnotation])))
    const masked = variables.map(([name, value]) => [
      name,
      namesSecret(name) || isSecretVariable(name) ? mask : withoutUserInfo(String(value)),
    ])
    safe[nodeEnvAnnotation] = JSON.stringify(Object.fromEntries(masked))
  }
  return safe
}

function isSecretFlag(word: string): boolean {
  const name = /^--?([a-z0-9-]+)$/.exec(word)?.[1]
  if (name === undefined) return false
  return findFlag(name)?.isSecret === true || namesSecretFlag.test(name)
}

/** For releases that have flags which the catalogue does not know yet. */
const namesSecretFlag =
  /^(t|token|agent-token|cluster-secret|datastore-endpoint|storage-endpoint|vpn-auth|.*-(access|secret)-key|.*-session-token)$/

function isSecretVariable(name: string): boolean {
  return /^K3S_(DATASTORE|STORAGE)_ENDPOINT$|^K3S_VPN_AUTH$|_KEY$|KEY_ID$/.test(name)
}

/** Proxies and datastores may be told with a password in their URL. */
function withoutUserInfo(text: string): string {
  return text.replace(/(:\/\/)[^/@\s]*@/g, `$1${mask}@`)
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

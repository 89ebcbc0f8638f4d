import { Failure } from '../../domain/failure.ts'
import { fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, type Json, textIn, textMapIn } from '../../domain/plain-json.ts'
import type { KubeObjectsPort, LiveObject, ObjectRef } from '../../ports/kube-objects-port.ts'
import type { SigningKey } from '../../text/program-signature.ts'
import { publishedQuery } from './published-record.ts'

/**
 * Annotation of the ConfigMap with the public keys: the id of the key that programs are signed with, or `new` for whichever
 * the next leader has. Who may write it says that the key is meant to be another one.
 */
const signingKeyAnnotation = 'fairlead.dev/signing-key'
const anyKey = 'new'

export const publicKeysRef = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  namespace: fairleadNamespace,
  name: fairleadNames.publicKeys,
} as const satisfies ObjectRef

/** Which key the cluster says that its programs are signed with. */
type KeyInUse =
  | { readonly kind: 'any' }
  /** One of these, and no other; `isTold` when the ConfigMap is there to be annotated. */
  | { readonly kind: 'one-of'; readonly keyIds: readonly string[]; readonly isTold: boolean }

type KeyReader = Pick<KubeObjectsPort, 'get' | 'list'>

/** The annotation decides; without it the keys that are told, and without these the programs themselves. */
export async function readKeyInUse(objects: KeyReader, signal: AbortSignal): Promise<KeyInUse> {
  const live = await objects.get(publicKeysRef, signal)
  const named = textIn(live?.metadata.annotations?.[signingKeyAnnotation])
  if (named === anyKey) return { kind: 'any' }
  if (named !== undefined && named !== '') return { kind: 'one-of', keyIds: [named], isTold: true }
  const told = Object.keys(textMapIn(live?.['data'])).sort()
  const keyIds = told.length > 0 ? told : await keysOfPrograms(objects, signal)
  return keyIds.length === 0 ? { kind: 'any' } : { kind: 'one-of', keyIds, isTold: live !== undefined }
}

/**
 * @param keyId undefined where there is no key yet
 * @param where the file or Secret that this controller takes its key from
 * @returns SIGNING_KEY_LOST; undefined where the key may sign
 */
export function keyObjection(inUse: KeyInUse, keyId: string | undefined, where: string): Failure | undefined {
  if (inUse.kind === 'any' || (keyId !== undefined && inUse.keyIds.includes(keyId))) return undefined
  const kubectl = `kubectl -n ${fairleadNamespace}`
  const create = inUse.isTold ? '' : `${kubectl} create configmap ${fairleadNames.publicKeys} && `
  const confirm = `${create}${kubectl} annotate --overwrite configmap ${fairleadNames.publicKeys} ${signingKeyAnnotation}=${keyId ?? anyKey}`
  const had = keyId === undefined ? `there is no ${where}` : `${where} holds key ${keyId}`
  return new Failure(
    `programs are signed with key ${inUse.keyIds.join(' or ')}, and ${had}: agents refuse what another key signs`,
    {
      code: 'SIGNING_KEY_LOST',
      where,
      fix: `give this controller the key that is in use, from a backup, say; if another one is meant, name both to the agents first (--controller-key-file), then: ${confirm}`,
      retry: 'soon',
    },
  )
}

/** @returns what is to be merged into the ConfigMap while this key signs; undefined when it is there */
export function missingKeyEntry({ keyId, publicPem }: SigningKey, live: LiveObject | undefined): Json | undefined {
  const isNamed = live?.metadata.annotations?.[signingKeyAnnotation] === keyId
  if (isNamed && asRecord(live?.['data'])[keyId] === publicPem) return undefined
  // Keys of before stay: whoever looks for one of them finds it.
  return { metadata: { annotations: { [signingKeyAnnotation]: keyId } }, data: { [keyId]: publicPem } }
}

async function keysOfPrograms(objects: KeyReader, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { items } = await objects.list(publishedQuery, signal)
    const keyIds = items.flatMap(({ spec }) => textIn(asRecord(asRecord(spec)['signature'])['keyId']) ?? [])
    return [...new Set(keyIds)].sort()
  } catch (error) {
    // A server without our kinds has no program either.
    if (error instanceof Failure && error.detail.code === 'KUBE_KIND_UNKNOWN') return []
    throw error
  }
}

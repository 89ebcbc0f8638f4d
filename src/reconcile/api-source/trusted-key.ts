import { Failure } from '../../domain/failure.ts'
import { fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, textMapIn } from '../../domain/plain-json.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import { keyIdOf } from '../../text/program-signature.ts'

export interface KeyPlaces {
  /** PEMs that whoever runs the agent named; undefined where nobody did. */
  readonly told: readonly string[] | undefined
  /** That the last program was taken with, PEM. */
  readonly kept: string | undefined
  readonly objects: KubeObjectsPort
}

/**
 * The keys any of which a program may be signed with: those that were named, else the one that was trusted before, else,
 * on first contact, the one that the cluster tells.
 *
 * @throws Failure PROGRAM_KEY_MISSING, and those of the API
 */
export async function trustedKeys(
  keyId: string,
  { told, kept, objects }: KeyPlaces,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (told !== undefined) return told
  const pem = kept ?? (await publishedKey(keyId, objects, signal))
  if (pem === undefined) throw keyMissing(keyId)
  return [pem]
}

/**
 * The public key of an id as the cluster tells it. Believed once, on first contact; whoever wants to be sure names the key
 * with `--controller-key-file`.
 *
 * @returns undefined when the cluster has none of that id
 * @throws Failure of the API
 */
async function publishedKey(keyId: string, objects: KubeObjectsPort, signal: AbortSignal): Promise<string | undefined> {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: fairleadNamespace, name: fairleadNames.publicKeys }
  const pem = textMapIn(asRecord((await objects.get(ref, signal))?.['data']))[keyId]
  return pem !== undefined && isKeyOf(pem, keyId) ? pem : undefined
}

function isKeyOf(pem: string, keyId: string): boolean {
  try {
    return keyIdOf(pem) === keyId
  } catch (error) {
    if (error instanceof Failure) return false
    throw error
  }
}

function keyMissing(keyId: string): Failure {
  return new Failure(`nobody tells the public key ${keyId} that the program is signed with`, {
    code: 'PROGRAM_KEY_MISSING',
    where: 'ConfigMap fairlead-system/fairlead-public-keys',
    fix: 'the controller writes it there; or name the key with --controller-key-file',
    retry: 'soon',
  })
}

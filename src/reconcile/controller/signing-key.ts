import { Failure } from '../../domain/failure.ts'
import { fairleadNames, fairleadNamespace } from '../../domain/fairlead-api.ts'
import { asRecord, textIn } from '../../domain/plain-json.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import { createSigningKey, readSigningKey, type SigningKey } from '../../text/program-signature.ts'
import { keyObjection, missingKeyEntry, publicKeysRef, readKeyInUse } from './key-in-use.ts'

const secretRef = { apiVersion: 'v1', kind: 'Secret', namespace: fairleadNamespace, name: fairleadNames.signingKey }
const secretText = `Secret ${fairleadNamespace}/${fairleadNames.signingKey}`
const entry = 'key.pem'

/**
 * The key that programs are signed with: the given one, else that of the Secret, which is made when there is none. Two that
 * make it at once agree on the one that came first. A key that is not the one in use is not taken unless somebody said so.
 * @param given PKCS #8, PEM
 * @throws Failure SIGNING_KEY_INVALID, SIGNING_KEY_LOST, `KUBE_*`
 */
export async function openSigningKey(
  given: string | undefined,
  objects: KubeObjectsPort,
  signal: AbortSignal,
): Promise<SigningKey> {
  const known = await usableSigningKey(given, objects, signal)
  const key = known ?? (await newKeyOfSecret(objects, signal))
  await publishKey(key, objects, signal)
  return key
}

/**
 * The same, as far as looking goes: nothing is written.
 * @returns undefined where a key would be made
 * @throws Failure SIGNING_KEY_INVALID, SIGNING_KEY_LOST, `KUBE_*`
 */
export async function usableSigningKey(
  given: string | undefined,
  objects: Pick<KubeObjectsPort, 'get' | 'list'>,
  signal: AbortSignal,
): Promise<SigningKey | undefined> {
  const where = given === undefined ? secretText : '--signing-key-file'
  const key = given === undefined ? await keyOfSecret(objects, signal) : readSigningKey(given, where)
  const objection = keyObjection(await readKeyInUse(objects, signal), key?.keyId, where)
  if (objection !== undefined) throw objection
  return key
}

async function keyOfSecret(
  objects: Pick<KubeObjectsPort, 'get'>,
  signal: AbortSignal,
): Promise<SigningKey | undefined> {
  const live = await objects.get(secretRef, signal)
  if (live === undefined) return undefined
  const written = textIn(asRecord(live['data'])[entry]) ?? ''
  return readSigningKey(Buffer.from(written, 'base64').toString('utf8'), secretText)
}

async function newKeyOfSecret(objects: KubeObjectsPort, signal: AbortSignal): Promise<SigningKey> {
  const { apiVersion, kind, name, namespace } = secretRef
  for (;;) {
    const pem = createSigningKey()
    const data = { [entry]: Buffer.from(pem).toString('base64') }
    try {
      await objects.create({ apiVersion, kind, metadata: { name, namespace }, type: 'Opaque', data }, {}, signal)
      return readSigningKey(pem, secretText)
    } catch (error) {
      if (!(error instanceof Failure) || error.detail.code !== 'KUBE_EXISTS') throw error
      const other = await keyOfSecret(objects, signal)
      if (other !== undefined) return other
    }
  }
}

async function publishKey(key: SigningKey, objects: KubeObjectsPort, signal: AbortSignal): Promise<void> {
  const { apiVersion, kind, name, namespace } = publicKeysRef
  const live = await objects.get(publicKeysRef, signal)
  const missing = missingKeyEntry(key, live)
  if (missing === undefined) return
  if (live === undefined) {
    try {
      const metadata = { ...asRecord(missing['metadata']), name, namespace }
      await objects.create({ ...missing, apiVersion, kind, metadata }, {}, signal)
      return
    } catch (error) {
      if (!(error instanceof Failure) || error.detail.code !== 'KUBE_EXISTS') throw error
    }
  }
  await objects.patch(publicKeysRef, 'merge', missing, {}, signal)
}

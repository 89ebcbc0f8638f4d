import { expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import { fairleadKinds } from '../../../src/domain/fairlead-api.ts'
import { asRecord } from '../../../src/domain/plain-json.ts'
import { awaitSigningKey } from '../../../src/reconcile/controller/await-signing-key.ts'
import { openSigningKey, usableSigningKey } from '../../../src/reconcile/controller/signing-key.ts'
import { createSigningKey, readSigningKey } from '../../../src/text/program-signature.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { StoredObjects } from '../../lab/stored-objects.ts'

const { signal } = new AbortController()
const namespace = 'fairlead-system'
const annotation = 'fairlead.dev/signing-key'
const keysRef = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'fairlead-public-keys' }
const secretRef = { apiVersion: 'v1', kind: 'Secret', namespace, name: 'fairlead-signing-key' }
const [filePem, otherPem] = [createSigningKey(), createSigningKey()]
const [fileId, otherId] = [filePem, otherPem].map((pem) => readSigningKey(pem).keyId)

async function keys(objects: StoredObjects): Promise<{ readonly inUse: unknown; readonly known: ReadonlySet<string> }> {
  const live = await objects.get(keysRef)
  return { inUse: live?.metadata.annotations?.[annotation], known: new Set(Object.keys(asRecord(live?.['data']))) }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    if (error instanceof Failure) return error.detail.code
    throw error
  }
}

async function confirm(objects: StoredObjects, keyId: string | null): Promise<void> {
  await objects.patch(keysRef, 'merge', { metadata: { annotations: { [annotation]: keyId } } })
}

test('the first controller makes a key, and the second takes it and writes nothing', async () => {
  const objects = new StoredObjects()
  const { keyId } = await openSigningKey(undefined, objects, signal)
  expect(await keys(objects)).toEqual({ inUse: keyId, known: new Set([keyId]) })
  const writes = objects.writes.length
  expect((await openSigningKey(undefined, objects, signal)).keyId).toBe(keyId)
  expect(objects.writes).toHaveLength(writes)
})

test('where the Secret is gone no other key takes its place', async () => {
  const objects = new StoredObjects()
  const { keyId } = await openSigningKey(undefined, objects, signal)
  await objects.delete(secretRef)
  const writes = objects.writes.length
  expect(await codeOf(openSigningKey(undefined, objects, signal))).toBe('SIGNING_KEY_LOST')
  expect(objects.writes).toHaveLength(writes)
  expect(await keys(objects)).toEqual({ inUse: keyId, known: new Set([keyId]) })
})

test('a key file beside controllers that use the Secret does not lead, nor the Secret beside a key file', async () => {
  const objects = new StoredObjects()
  await openSigningKey(undefined, objects, signal)
  expect(await codeOf(openSigningKey(filePem, objects, signal))).toBe('SIGNING_KEY_LOST')
  const others = new StoredObjects()
  await openSigningKey(filePem, others, signal)
  expect(await codeOf(openSigningKey(undefined, others, signal))).toBe('SIGNING_KEY_LOST')
  expect(await others.get(secretRef)).toBeUndefined()
})

test('a key that somebody confirmed takes over, the one before stays known, and leads no more', async () => {
  const objects = new StoredObjects()
  await openSigningKey(filePem, objects, signal)
  await confirm(objects, otherId ?? '')
  expect(await codeOf(openSigningKey(otherPem, objects, signal))).toBe('done')
  expect(await keys(objects)).toEqual({ inUse: otherId, known: new Set([fileId, otherId]) })
  expect(await codeOf(openSigningKey(filePem, objects, signal))).toBe('SIGNING_KEY_LOST')
})

test('"new" lets one key in, and from then on that one alone', async () => {
  const objects = new StoredObjects()
  await openSigningKey(filePem, objects, signal)
  await confirm(objects, 'new')
  const { keyId } = await openSigningKey(undefined, objects, signal)
  expect((await keys(objects)).inUse).toBe(keyId)
  expect(await codeOf(openSigningKey(filePem, objects, signal))).toBe('SIGNING_KEY_LOST')
})

test('without the annotation a known key is one of those that are told', async () => {
  const objects = new StoredObjects()
  await openSigningKey(filePem, objects, signal)
  await confirm(objects, null)
  expect(await codeOf(usableSigningKey(otherPem, objects, signal))).toBe('SIGNING_KEY_LOST')
  expect(await codeOf(openSigningKey(filePem, objects, signal))).toBe('done')
  expect((await keys(objects)).inUse).toBe(fileId)
})

test('without the ConfigMap the programs say which key it is, and the way out begins with making it', async () => {
  const objects = new StoredObjects()
  const spec = { signature: { keyId: fileId, value: '' } }
  await objects.create({ ...fairleadKinds.nodeProgram, metadata: { name: 'pi-1', namespace }, spec })
  const refusal = await usableSigningKey(otherPem, objects, signal).catch((error: unknown) => error)
  if (!(refusal instanceof Failure)) throw new Error('it was not refused')
  expect(refusal.message).toContain(fileId)
  expect(refusal.detail.fix).toContain('create configmap fairlead-public-keys')
  expect(refusal.detail.fix).toContain(`${annotation}=${otherId}`)
  expect(await codeOf(openSigningKey(filePem, objects, signal))).toBe('done')
})

test('who waits for a key says so once, and goes on when it is there again', async () => {
  const objects = new StoredObjects()
  await openSigningKey(undefined, objects, signal)
  const secret = await objects.get(secretRef)
  await objects.delete(secretRef)
  const log = recordingLog()
  const events: string[] = []
  const told: (string | undefined)[] = []
  const clock = {
    async sleep(): Promise<void> {
      if (told.length === 3 && secret !== undefined) await objects.create(secret)
    },
  }
  const recorder = {
    record: ({ reason }: { reason: string }) => void events.push(reason),
    dropped: 0,
    flush: async () => {},
  }
  await awaitSigningKey(
    undefined,
    { objects, clock, log, events: recorder },
    (one) => told.push(one?.detail.code),
    signal,
  )
  expect(told).toEqual(['SIGNING_KEY_LOST', 'SIGNING_KEY_LOST', 'SIGNING_KEY_LOST', undefined])
  expect(events).toEqual(['SigningKeyLost'])
  expect(log.lines.map(({ fields }) => fields['code'])).toEqual(['SIGNING_KEY_LOST'])
})

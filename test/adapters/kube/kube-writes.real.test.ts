import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'
import { configMap, openObjects } from './opened-objects.ts'
import { failureOf } from './reading.ts'
import { sendJson } from './stand-in-api.ts'

const signal = new AbortController().signal
const path = '/api/v1/namespaces/shop/configmaps'
const wanted: KubernetesObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'a' } }
const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'a' }
const busy = { kind: 'Status', message: 'hunter3' }

test('server-side apply says who applies, whether by force, and sends the object as it is', async () => {
  const bodies: string[] = []
  const { objects, api } = await openObjects((request, response) => {
    request.on('data', (part: Buffer) => bodies.push(part.toString()))
    request.on('end', () => sendJson(response, configMap('a')))
  })
  const odd = { ...wanted, unheardOf: { kept: [null, 1.5] } }
  await objects.apply(odd, { force: true, dryRun: true }, signal)
  const sent = api.requests.at(-1)
  expect(sent?.headers['content-type']).toBe('application/apply-patch+yaml')
  const query = new URL(sent?.url ?? '', api.url).searchParams
  expect(Object.fromEntries(query)).toEqual({ fieldManager: 'fairlead', force: 'true', dryRun: 'All' })
  expect(JSON.parse(bodies.join(''))).toEqual(odd)
})

const turnedAway = [
  { name: 'apply', run: 'apply', status: 429, asked: 2 },
  { name: 'apply', run: 'apply', status: 503, asked: 2 },
  { name: 'delete', run: 'delete', status: 429, asked: 2 },
  { name: 'create', run: 'create', status: 429, asked: 1 },
] as const

for (const { name, run, status, asked } of turnedAway) {
  test(`${name} that is turned away with ${status} is ${asked === 1 ? 'not ' : ''}sent again after its time`, async () => {
    const { objects, requests } = await openObjects((_request, response, count) => {
      if (count === 1) sendJson(response, busy, status, { 'retry-after': '1' })
      else sendJson(response, configMap('a'))
    })
    const startedAt = performance.now()
    const done = run === 'delete' ? objects.delete(ref, {}, signal) : objects[run](wanted, {}, signal)
    if (asked === 1) expect((await failureOf(done)).detail.code).toBe('KUBE_OVERLOADED')
    else {
      await done
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990)
    }
    expect(requests().length).toBe(asked)
  })
}

test('500 on apply is an answer, and is not asked again', async () => {
  const { objects, requests } = await openObjects((_request, response) => sendJson(response, busy, 500))
  const failure = await failureOf(objects.apply(wanted, {}, signal))
  expect(failure.detail).toMatchObject({ code: 'KUBE_SERVER_ERROR', retry: 'soon', where: 'ConfigMap shop/a' })
  expect(requests()).toEqual([`PATCH ${path}/a`])
})

test('a connection that breaks repeats what may be repeated: apply, but not create, replace or a versioned patch', async () => {
  const { objects, requests } = await openObjects((request, response, count) => {
    if (count === 1 || request.method !== 'PATCH' || request.url?.includes('/versioned') === true) request.destroy()
    else sendJson(response, configMap('a'))
  })
  await objects.apply(wanted, {}, signal)
  expect(requests().length).toBe(2)
  const versioned = { metadata: { resourceVersion: '7' } }
  for (const once of [
    objects.create(wanted, {}, signal),
    objects.replace(wanted, {}, signal),
    objects.delete(ref, {}, signal),
    objects.patch({ ...ref, name: 'versioned' }, 'merge', versioned, {}, signal),
  ]) {
    expect((await failureOf(once)).detail.code).toBe('KUBE_UNREACHABLE')
  }
  expect(requests().slice(2).toSorted()).toEqual(
    [`POST ${path}`, `PUT ${path}/a`, `DELETE ${path}/a`, `PATCH ${path}/versioned`].toSorted(),
  )
})

test('no more than sixteen requests are under way at once', async () => {
  let [open, most] = [0, 0]
  const { objects } = await openObjects((_request, response) => {
    open += 1
    most = Math.max(most, open)
    setTimeout(() => {
      open -= 1
      sendJson(response, configMap('a'))
    }, 20)
  })
  await Promise.all(Array.from({ length: 60 }, () => objects.apply(wanted, {}, signal)))
  expect(most).toBe(16)
})

test('who stops waiting for a turn leaves it to others', async () => {
  const { objects, requests } = await openObjects((_request, response) => {
    setTimeout(() => sendJson(response, configMap('a')), 50)
  })
  await objects.resource(ref, signal)
  const gone = new AbortController()
  const first = Array.from({ length: 16 }, () => objects.get(ref, signal))
  const leaves = objects.get(ref, gone.signal)
  const stays = objects.get(ref, signal)
  await sleep(10)
  gone.abort(new Error('left'))
  await expect(leaves).rejects.toThrow('left')
  await Promise.all([...first, stays])
  expect(requests().length).toBe(17)
})

test('an exec plugin is asked again once, by all requests together, when the server does not know its token', async () => {
  const directory = await temporaryDirectory()
  const [counter, plugin] = [join(directory, 'runs'), join(directory, 'plugin')]
  const script = `echo x >> ${counter}; n=$(wc -l < ${counter}); sleep 0.1
echo '{"kind":"ExecCredential","status":{"token":"token-'$n'"}}'`
  writeFileSync(plugin, `#!/bin/sh\n${script}\n`)
  chmodSync(plugin, 0o755)
  const { objects, api } = await openObjects(
    (request, response) => {
      if (request.headers.authorization === 'Bearer token-2') sendJson(response, configMap('a'))
      else sendJson(response, { kind: 'Status' }, 401)
    },
    {},
    { exec: { command: plugin } },
  )
  await Promise.all(Array.from({ length: 12 }, () => objects.apply(wanted, {}, signal)))
  const tokens = api.requests.map(({ headers }) => headers.authorization)
  expect(new Set(tokens)).toEqual(new Set(['Bearer token-1', 'Bearer token-2']))
})

test('a token file that changed is read again as soon as the old token is refused', async () => {
  const file = join(await temporaryDirectory(), 'token')
  writeFileSync(file, 'first')
  let known = 'Bearer first'
  const { objects } = await openObjects(
    (request, response) => {
      if (request.headers.authorization === known) sendJson(response, configMap('a'))
      else sendJson(response, { kind: 'Status' }, 401)
    },
    {},
    { tokenFile: file },
  )
  await objects.get(ref, signal)
  known = 'Bearer second'
  expect((await failureOf(objects.get(ref, signal))).detail.code).toBe('KUBE_UNAUTHORIZED')
  writeFileSync(file, 'second')
  expect(await objects.get(ref, signal)).toBeDefined()
})

test('no failure holds a token, a header or what the server was sent', async () => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'shop', name: 's' },
    data: { p: 'aHVudGVy' },
  }
  for (const status of [400, 401, 403, 409, 422, 429, 500]) {
    const { objects } = await openObjects((_request, response) => {
      sendJson(response, { kind: 'Status', message: 'p: Invalid value: "aHVudGVy"', details: { causes: [] } }, status)
    })
    const failure = await failureOf(objects.create(secret, {}, signal))
    expect(`${failure.message} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toMatch(/hunter2|aHVudGVy/)
  }
})

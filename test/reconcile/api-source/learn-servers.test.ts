import { expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import type { KubeObjectsPort, LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { learnServers } from '../../../src/reconcile/api-source/learn-servers.ts'

const signal = new AbortController().signal
const telling = (subsets: unknown): KubeObjectsPort =>
  ({ get: async () => ({ subsets }) as unknown as LiveObject }) as unknown as KubeObjectsPort

test('API servers are where the cluster says that they are', async () => {
  const subsets = [
    { addresses: [{ ip: '10.0.0.2' }, { ip: '10.0.0.1' }], ports: [{ name: 'https', port: 6443 }] },
    {
      addresses: [{ ip: 'fd00::3' }],
      ports: [
        { name: 'other', port: 1 },
        { name: 'https', port: 7443 },
      ],
    },
  ]
  expect(await learnServers(telling(subsets), signal)).toEqual(['10.0.0.1:6443', '10.0.0.2:6443', '[fd00::3]:7443'])
})

test('a cluster that says nothing, or must not be asked, is no trouble', async () => {
  expect(await learnServers(telling([]), signal)).toBeUndefined()
  expect(await learnServers(telling('nonsense'), signal)).toBeUndefined()
  const forbidden = new Failure('no', { code: 'KUBE_FORBIDDEN', where: 'x', fix: 'y', retry: 'when-changed' })
  const refusing = { get: () => Promise.reject(forbidden) } as unknown as KubeObjectsPort
  expect(await learnServers(refusing, signal)).toBeUndefined()
})

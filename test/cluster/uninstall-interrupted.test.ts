import { afterAll, beforeAll, expect } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { applyInstallation } from '../../src/reconcile/install/apply-installation.ts'
import { ownApi } from '../../src/render/install/installation.ts'
import { installationObjects } from '../../src/render/install/installation-objects.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'
import { cutBefore, uninstall } from './cut-uninstall.ts'
import { playControllers, putRecords, traces } from './uninstall-lab.ts'

const signal = new AbortController().signal
const clock = systemClock()
const installation = { version: '1.0.0', image: 'fairlead:1.0.0', api: ownApi, nodeAgent: 'daemonset' } as const
const desired = [...fairleadCrds(), ...installationObjects(installation)]
let server: TestApiServer | undefined

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name: 'kube-system' } })
})
afterAll(() => server?.stop())

clusterTest('cut off before any write, an uninstall is ended by the next one', async () => {
  if (server === undefined) throw new Error('the API server did not start')
  const objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, signal)
  const end = new AbortController()
  const controllers = playControllers(server, end.signal)
  const cutAfter: number[] = []
  let order: readonly string[] = []
  try {
    for (let lastWrite = 1; ; lastWrite += 7) {
      await applyInstallation(desired, { objects, clock }, signal)
      await putRecords(objects, signal)
      const cut = cutBefore(objects, lastWrite)
      const ended = await uninstall(cut).then(
        () => true,
        () => false,
      )
      if (!ended) {
        cutAfter.push(cut.writes)
        expect(await uninstall(objects)).toEqual({ deleting: [] })
      }
      expect(await traces(server)).toEqual([])
      order = cut.deleted
      if (ended) break
    }
  } finally {
    end.abort()
    await controllers
    await objects.close()
  }
  expect(cutAfter.length).toBeGreaterThan(2)
  // Whoever comes next has to see whether agents still trust the key, and a controller whether there was one.
  const told = ['ConfigMap fairlead-public-keys', 'Secret fairlead-signing-key', 'DaemonSet fairlead-node-agent']
  expect(order.filter((one, at) => told.includes(one) && order.indexOf(one) === at)).toEqual(told)
})

saySkipped()

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { ensureAddons } from '../../src/reconcile/deploy/ensure-addons.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { failuresOf, fightOf, isPackagedPath, normalised, withoutFight } from '../conformance/compare-observations.ts'
import { LiveReplay } from '../conformance/live-replay.ts'
import { readFailures, readHashes, readObservation, readScenario } from '../conformance/recording.ts'
import { clusterTest, hasApiServer, saySkipped, startApiServer, type TestApiServer } from './api-server.ts'

/**
 * The recordings of K3s v1.21.2 once more, this time on a real disk and against a real API server: the same inputs, the same
 * observations. What the server says about an object that it refuses is said in the words of our adapter; only which files
 * failed is compared.
 */
let server: TestApiServer | undefined
let objects: KubeObjects
let replay: LiveReplay
const root = mkdtempSync(join(tmpdir(), 'deploy-conformance-'))

beforeAll(async () => {
  if (!hasApiServer) return
  server = await startApiServer()
  objects = await openKubeObjects({ kubeconfigs: [server.kubeconfig] }, new AbortController().signal, {
    manager: 'deploy@server-1',
  })
  for (const name of ['kube-system', 'default']) {
    await server.writer.createUnlessThere('/api/v1/namespaces', { metadata: { name } })
  }
  await ensureAddons({ objects, clock: systemClock() }, new AbortController().signal)
  for (const [kind, plural] of [
    ['HelmChart', 'helmcharts'],
    ['HelmChartConfig', 'helmchartconfigs'],
  ] as const) {
    await server.writer.installKind('helm.cattle.io', 'v1', kind, plural)
  }
  replay = new LiveReplay(root, objects)
})
afterAll(async () => {
  await objects?.close()
  await server?.stop()
  rmSync(root, { recursive: true, force: true })
})

for (const scenario of readScenario()) {
  clusterTest(`${scenario.step} [recorded]`, async () => {
    await replay.run(scenario)
    const recorded = normalised(readObservation(scenario.step))
    const end = normalised(await replay.observe())
    expect(withoutFight(end)).toEqual(withoutFight(recorded))
    expect(replay.seen.map(normalised).map(fightOf)).toContainEqual(fightOf(recorded))
    for (const [path, hash] of readHashes(scenario.step)) {
      if (!isPackagedPath(path)) expect([path, sha256Hex(replay.content(path))]).toEqual([path, hash])
    }
    const paths = (failures: ReadonlyMap<string, string>): readonly string[] =>
      failuresOf(failures).map(([path]) => path)
    expect(paths(replay.failures)).toEqual(paths(readFailures(scenario.step)))
  })
}

saySkipped()

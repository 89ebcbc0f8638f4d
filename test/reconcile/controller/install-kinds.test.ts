import { expect, test } from 'vitest'
import { installKinds } from '../../../src/reconcile/controller/install-kinds.ts'
import { fairleadCrds } from '../../../src/schema/api/crds.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { StoredObjects } from '../../lab/stored-objects.ts'
import { realClock } from '../../web/test-ports.ts'

const { signal } = new AbortController()
const established = {
  conditions: [
    { type: 'Established', status: 'True' },
    { type: 'NamesAccepted', status: 'True' },
  ],
}

async function writtenOver(release: string | undefined, version: string): Promise<number> {
  const objects = new StoredObjects()
  for (const crd of fairleadCrds(release)) await objects.create({ ...crd, status: established })
  const before = objects.writes.length
  await installKinds(version, objects, realClock, recordingLog(), signal)
  return objects.writes.length - before
}

test.each([
  ['an older one', '0.9.0', '0.10.0', 3],
  ['the same one', '0.10.0', '0.10.0', 3],
  ['a newer one', '0.10.0', '0.9.0', 0],
  ['one that did not mark them', undefined, '0.9.0', 3],
] as const)('definitions of %s are written again, or not', async (_, release, version, writes) => {
  expect(await writtenOver(release, version)).toBe(writes)
})

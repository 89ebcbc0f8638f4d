import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import type { ObservedFile } from '../../../src/domain/observation.ts'
import { takeMarkersAway } from '../../../src/reconcile/api-source/take-markers-away.ts'
import { recordingLog } from '../../lab/recording-log.ts'

const manifests = '/var/lib/rancher/k3s/server/manifests'
const [ours, gone, theirs] = ['ours', 'gone', 'theirs'].map((name) => `${manifests}/${name}.yaml.skip`) as [
  string,
  string,
  string,
]

/** A disk whose files are a set of paths, of which some cannot be removed. */
function disk(paths: readonly string[], recorded: readonly string[], stuck: readonly string[] = []) {
  const there = new Set(paths)
  const steps: string[] = []
  let markers = recorded
  const log = recordingLog()
  const ports = {
    files: {
      observeFile: async (path: string) => (there.has(path) ? ({ path } as ObservedFile) : undefined),
      removeFile: async (path: string) => {
        if (stuck.includes(path)) {
          throw new Failure('read-only', { code: 'DISK_REFUSED', where: path, fix: 'x', retry: 'soon' })
        }
        steps.push(`remove ${path}`)
        there.delete(path)
      },
    },
    cache: {
      readMarkers: async () => markers,
      writeMarkers: async (kept: readonly string[]) => {
        steps.push('record')
        markers = kept
      },
    },
    log,
  }
  return { ports, there, steps, log, markers: () => markers }
}

describe('markers that an agent left', () => {
  test('go, and those of somebody else stay', async () => {
    const { ports, there, markers } = disk([ours, theirs], [ours])
    expect(await takeMarkersAway(ports)).toEqual({ taken: [ours], kept: [] })
    expect([...there]).toEqual([theirs])
    expect(markers()).toEqual([])
  })

  test('are removed before the record of them', async () => {
    const { ports, steps } = disk([ours, gone], [gone, ours])
    await takeMarkersAway(ports)
    expect(steps).toEqual([`remove ${gone}`, `remove ${ours}`, 'record'])
  })

  test('that are gone already are forgotten, and not told as taken', async () => {
    const { ports, markers, log } = disk([], [gone])
    expect(await takeMarkersAway(ports)).toEqual({ taken: [], kept: [] })
    expect([markers(), log.lines]).toEqual([[], []])
  })

  test('that the disk keeps stay in the record, the others go, and it is told', async () => {
    const { ports, there, markers, log } = disk([ours, gone], [gone, ours], [gone])
    expect(await takeMarkersAway(ports)).toEqual({ taken: [ours], kept: [gone] })
    expect([[...there], markers()]).toEqual([[gone], [gone]])
    expect(log.lines[0]?.fields).toMatchObject({ code: 'DISK_REFUSED', where: gone })
  })

  test('where none were left nothing is written', async () => {
    const { ports, steps } = disk([theirs], [])
    expect(await takeMarkersAway(ports)).toEqual({ taken: [], kept: [] })
    expect(steps).toEqual([])
  })
})

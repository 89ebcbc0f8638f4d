import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../../src/text/digest.ts'
import { failuresOf, fightOf, isPackagedPath, normalised, withoutFight } from './compare-observations.ts'
import { readFailures, readHashes, readObservation, readScenario } from './recording.ts'
import { Replay } from './replay.ts'

/**
 * Every step of the recording, one after the other. Three things of it differ from run to run and are compared in a way
 * of their own: names that the API server made up; the Addon `s14-same` and its objects, which two files fight over in
 * every pass, so that a recording shows one moment of it; and checksums of packaged files, whose content is not recorded.
 */
describe('recording of K3s v1.21.2: manifests directory', () => {
  const replay = new Replay()
  for (const scenario of readScenario()) {
    test(`${scenario.step} [recorded]`, () => {
      replay.run(scenario)
      const recorded = normalised(readObservation(scenario.step))
      const end = normalised(replay.observe())
      expect(withoutFight(end)).toEqual(withoutFight(recorded))
      expect(replay.seen.map(normalised).map(fightOf)).toContainEqual(fightOf(recorded))
      for (const [path, hash] of readHashes(scenario.step)) {
        const content = replay.server.disk.read(`${replay.server.disk.base}/${path}`)
        if (!isPackagedPath(path)) expect([path, sha256Hex(content)]).toEqual([path, hash])
      }
      expect(failuresOf(replay.failures)).toEqual(failuresOf(readFailures(scenario.step)))
    })
  }
})

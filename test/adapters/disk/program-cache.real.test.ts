import { readdir, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { openProgramCache } from '../../../src/adapters/disk/program-cache.ts'
import type { PublishedProgram } from '../../../src/domain/published-program.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

async function cacheIn() {
  const stateDirectory = await temporaryDirectory()
  const log = recordingLog()
  return { stateDirectory, log, open: () => openProgramCache({ stateDirectory, log }) }
}

const accepted = { published: { node: 'n1', sequence: 3 } as PublishedProgram, publicPem: 'pem' }

describe('what an agent keeps of its controller', () => {
  test('is there for the next process', async () => {
    const { open } = await cacheIn()
    expect(await open().readAccepted()).toBeUndefined()
    await open().writeAccepted(accepted)
    await open().writeServers(['10.0.0.1:6443'])
    expect(await open().readAccepted()).toEqual(accepted)
    expect(await open().readServers()).toEqual(['10.0.0.1:6443'])
  })

  test('that was damaged counts as absent, and the log says what follows from that', async () => {
    const { open, log, stateDirectory } = await cacheIn()
    await open().writeAccepted(accepted)
    await writeFile(`${stateDirectory}/controller.json`, '{"version": 1, "value"')
    expect(await open().readAccepted()).toBeUndefined()
    expect(log.lines[0]?.fields['consequence']).toContain('the next controller that is heard of is trusted')
  })

  test('contents are believed by their digests alone', async () => {
    const { open, stateDirectory } = await cacheIn()
    const [digest, other] = [sha256Hex('ä content'), sha256Hex('another')]
    await open().writeContent(digest, 'ä content')
    await open().writeContent(other, 'another')
    expect(await open().readContent(digest)).toBe('ä content')
    await writeFile(`${stateDirectory}/contents/sha256-${digest}`, 'changed')
    expect(await open().readContent(digest)).toBeUndefined()
    await open().keepContents([other])
    expect(await readdir(`${stateDirectory}/contents`)).toEqual([`sha256-${other}`])
    expect(await open().readContent(sha256Hex('never'))).toBeUndefined()
  })

  test('nothing is left of markers that are gone', async () => {
    const { open, stateDirectory } = await cacheIn()
    expect(await open().readMarkers()).toEqual([])
    await open().writeMarkers(['/a.skip'])
    expect(await open().readMarkers()).toEqual(['/a.skip'])
    await open().writeMarkers([])
    expect(await readdir(stateDirectory)).toEqual([])
  })

  test('is gone when it is forgotten, but for the markers', async () => {
    const { open, stateDirectory } = await cacheIn()
    await open().forget()
    await open().writeAccepted(accepted)
    await open().writeServers(['10.0.0.1:6443'])
    await open().writeContent(sha256Hex('a part'), 'a part')
    await open().writeMarkers(['/a.skip'])
    await open().forget()
    expect((await readdir(stateDirectory)).sort()).toEqual(['contents', 'skip-markers.json'])
    expect(await readdir(`${stateDirectory}/contents`)).toEqual([])
    expect(await open().readAccepted()).toBeUndefined()
  })
})

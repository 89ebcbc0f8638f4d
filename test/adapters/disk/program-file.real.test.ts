import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openProgramFile } from '../../../src/adapters/disk/program-file.ts'
import { recordingLog } from '../../lab/recording-log.ts'

let directory = ''
let path = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-program-'))
  path = join(directory, 'program.json')
  writeFileSync(path, '{}', { mode: 0o600 })
})
afterEach(() => rmSync(directory, { recursive: true }))

const read = async () => await openProgramFile(path, recordingLog()).read()
const refused = { detail: { code: 'PROGRAM_FILE_REFUSED' } }

describe('a program file', () => {
  test('is read when only root, or who runs the agent, can write it', async () => {
    expect((await read())?.text).toBe('{}')
  })

  test('is refused when its group can write it', async () => {
    chmodSync(path, 0o620)
    await expect(read()).rejects.toMatchObject(refused)
  })

  test.skipIf(process.geteuid?.() !== 0)('is refused when it belongs to somebody else (needs root)', async () => {
    chownSync(path, 65_534, 65_534)
    await expect(read()).rejects.toMatchObject(refused)
  })

  test('is not read through a link', async () => {
    rmSync(path)
    symlinkSync('/etc/hostname', path)
    await expect(read()).rejects.toMatchObject({ detail: { where: path } })
  })
})

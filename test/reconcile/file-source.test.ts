import { describe, expect, test } from 'vitest'
import type { ProgramFilePort } from '../../src/ports/program-file-port.ts'
import { fileSource } from '../../src/reconcile/file-source.ts'
import { nodeProgram } from '../lab/agent-in-namespace.ts'
import { recordingLog } from '../lab/recording-log.ts'

function sourceOf(node: string, text: string | undefined) {
  const file: ProgramFilePort = {
    description: '/var/lib/fairlead/program.json',
    read: async () => (text === undefined ? undefined : { text, modifiedAtMs: 0 }),
    watch: async () => async () => undefined,
  }
  return fileSource(node, file, recordingLog())
}

const signal = new AbortController().signal
const written = JSON.stringify(nodeProgram(undefined))

describe('a program file', () => {
  test('that never was is what somebody forgot, and the command that writes it is named', async () => {
    await expect(sourceOf('pi-2', undefined).read({ kind: 'unread' }, false, signal)).rejects.toMatchObject({
      message: 'there is no /var/lib/fairlead/program.json',
      detail: { code: 'PROGRAM_FILE_MISSING', fix: expect.stringContaining('fairlead render --program pi-2') },
    })
  })

  test('that is gone says nothing, and what was in force stays so', async () => {
    const known = await sourceOf('n1', written).read({ kind: 'unread' }, false, signal)
    expect(known?.kind).toBe('compiled')
    if (known !== undefined) expect(await sourceOf('n1', undefined).read(known, false, signal)).toBeUndefined()
  })

  test('of another node is refused by both names', async () => {
    const state = await sourceOf('pi-2', written).read({ kind: 'unread' }, false, signal)
    expect(state).toMatchObject({
      kind: 'refused',
      problems: [{ code: 'PROGRAM_REFUSED', what: 'it is the program of node "n1", and this is "pi-2"' }],
    })
  })
})

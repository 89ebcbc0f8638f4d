import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Command, CommandCall } from '../../src/cli/command.ts'
import type { SettingKey } from '../../src/settings.ts'
import { callOf, fakeTerminal } from '../cli/fake-terminal.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Told {
  readonly words?: readonly string[]
  readonly flags?: Partial<Record<SettingKey, string>>
  readonly options?: CommandCall['options']
}

/** A verb in this process; what it throws, it throws here. */
export async function verb(directory: string, command: Command, told: Told): Promise<Said> {
  const terminal = fakeTerminal(directory)
  const code = await command(callOf(terminal, told))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The whole program, as somebody calls it: with its exit code, and with failures as they are printed. */
export function fairlead(directory: string, ...words: readonly string[]): Promise<Said> {
  const env = { PATH: process.env['PATH'], HOME: directory }
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words], { cwd: directory, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

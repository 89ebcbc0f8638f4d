import { PassThrough, Writable } from 'node:stream'
import type { CommandCall, Terminal } from '../../src/cli/command.ts'
import { resolveSettings, type SettingKey } from '../../src/settings.ts'

export interface FakeTerminal extends Terminal {
  readonly out: TextSink
  readonly err: TextSink
  readonly in: PassThrough & { isTTY?: boolean }
}

class TextSink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8')
    done()
  }
}

/** A terminal that remembers what was written to it; a pipe without colour unless told. */
export function fakeTerminal(workingDirectory = '/', changes: Partial<Terminal> = {}): FakeTerminal {
  return {
    isTerminal: false,
    columns: 80,
    colour: false,
    hostName: 'PI-1',
    userName: 'ada',
    workingDirectory,
    interrupted: new AbortController().signal,
    ...changes,
    out: new TextSink(),
    err: new TextSink(),
    in: new PassThrough(),
  }
}

export function callOf(
  terminal: Terminal,
  given: {
    readonly flags?: Partial<Record<SettingKey, string | boolean>>
    readonly options?: CommandCall['options']
    readonly words?: readonly string[]
  } = {},
): CommandCall {
  return {
    settings: resolveSettings(given.flags ?? {}, {}),
    words: given.words ?? [],
    options: given.options ?? {},
    terminal,
    version: '0.1.0',
  }
}

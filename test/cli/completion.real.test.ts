import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { completionCommand } from '../../src/cli/completion.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'

const run = promisify(execFile)
let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-completion-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function script(shell: string): Promise<string> {
  const terminal = fakeTerminal()
  expect(await completionCommand(commands)(callOf(terminal, { words: [shell] }))).toBe(0)
  const file = join(directory, `completion.${shell}`)
  writeFileSync(file, terminal.out.text)
  return file
}

/** What a real bash offers at the end of a line. */
async function offered(...words: string[]): Promise<string[]> {
  const file = await script('bash')
  const set = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fairlead; echo "\${COMPREPLY[*]}"`
  const { stdout } = await run('/bin/bash', ['-c', set, 'bash', file, 'fairlead', ...words])
  return stdout
    .trim()
    .split(' ')
    .filter((word) => word !== '')
}

test('bash completes verbs', async () => {
  expect(await offered('')).toEqual(commands.map((command) => command.name))
  expect(await offered('re')).toEqual(['render', 'resume', 'reconcile'])
})

test('bash completes the options of a verb, and no other ones', async () => {
  expect(await offered('plan', '--de')).toEqual(['--detailed-exitcode'])
  expect(await offered('status', '--git')).toEqual([])
})

test('bash completes the values of an option that has few', async () => {
  expect(await offered('plan', '-o', '')).toEqual(['json', 'yaml', 'wide'])
  expect(await offered('run', '--engine', 'k')).toEqual(['k3s'])
})

test('bash is left to complete file names everywhere else', async () => {
  expect(await offered('plan', '--capture', 'ho')).toEqual([])
  const { stdout } = await run('/bin/bash', ['-c', 'source "$1"; complete -p fairlead', 'bash', await script('bash')])
  expect(stdout).toBe('complete -o default -F _fairlead fairlead\n')
})

for (const [shell, path] of [
  ['zsh', '/usr/bin/zsh'],
  ['fish', '/usr/bin/fish'],
] as const) {
  test.skipIf(!existsSync(path))(`${shell} takes its script without an objection`, async () => {
    await run(path, ['-n', await script(shell)])
  })
}

test.skipIf(!existsSync('/usr/bin/fish'))('fish completes the options of a verb with their help', async () => {
  const ask = 'source $argv[1]; complete -C "fairlead plan --de"'
  const { stdout } = await run('/usr/bin/fish', ['--no-config', '-c', ask, await script('fish')])
  expect(stdout.trim()).toBe('--detailed-exitcode\tend with 2 when something would change')
})

test('a shell that nobody wrote a script for is bad usage', async () => {
  const terminal = fakeTerminal()
  expect(await completionCommand(commands)(callOf(terminal, { words: ['tcsh'] }))).toBe(64)
  expect(terminal.err.text).toContain('bash, zsh, fish')
})

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const entry = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Node's own stdio are sockets; only a shell makes pipes. Its text is fixed, the words are its arguments. */
function inShell(script: string, ...words: string[]): Promise<{ readonly out: string; readonly err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script, 'bash', process.execPath, entry, ...words])
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', () => resolve({ out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }))
  })
}

test('a reader of the answer that goes away ends the command with 1 and without a word', async () => {
  const { out, err } = await inShell('set -o pipefail; "$@" | true; echo $? >&2', 'explain', 'cni')
  expect({ out, err }).toEqual({ out: '', err: '1\n' })
})

test('a reader of the errors that goes away changes nothing', async () => {
  const { out, err } = await inShell('set -o pipefail; "$@" 2>&1 >/dev/null | true; echo $?', 'pln')
  expect({ out, err }).toEqual({ out: '64\n', err: '' })
})

test('an answer that cannot be written for another reason is told', async () => {
  const { out, err } = await inShell('"$@" > /dev/full; echo $?', 'explain', 'cni')
  expect(out).toBe('1\n')
  expect(err).toMatch(/^fairlead: standard output: ENOSPC[^\n]*\n$/)
})

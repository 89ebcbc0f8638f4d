import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { commands } from '../../src/cli/commands.ts'
import { flags, sampleWorld } from './sample-repository.ts'

/** The bundle that `npm run build` made: what loads from source may still be missing from it (stack.md §8.2). */
const entry = fileURLToPath(new URL('../../bin/fairlead.cjs', import.meta.url))
let directory = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-bundle-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function fairlead(...words: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...words], { cwd: directory }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

for (const { name, summary } of commands) {
  test(`fairlead ${name} --help`, async () => {
    const { code, out, err } = await fairlead(name, '--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(`Usage: fairlead ${name}`)
    expect(out.replace(/\s+/g, ' ')).toContain(summary)
  })
}

test('version, in all three ways to ask for it', async () => {
  expect((await fairlead('--version')).out).toBe(`${manifest.version}\n`)
  expect((await fairlead('version')).out).toMatch(`fairlead ${manifest.version} (Node `)
  expect(JSON.parse((await fairlead('version', '-o', 'json')).out)).toMatchObject({ version: manifest.version })
})

test('a verb that does not exist is bad usage, with the one that may have been meant', async () => {
  const { code, out, err } = await fairlead('pln')
  expect([code, out]).toEqual([64, ''])
  expect(err).toContain('plan')
})

test('from an empty directory to an applied repository, all from the bundle', async () => {
  const { root } = sampleWorld()
  const machine = ['--repo', 'network', '--root', root, '--cluster', 'home', '--engine', 'builtin']
  const steps: readonly (readonly [number, ...string[]])[] = [
    [0, 'init', 'network'],
    [0, 'validate', 'network'],
    [0, 'render', '--repo', 'network', '--cluster', 'home', '--out', 'rendered'],
    [0, 'explain', 'cni.flannel.backend'],
    [0, 'completion', 'bash'],
    [1, 'status', '--root', root],
    [2, 'plan', ...machine, '--detailed-exitcode'],
    [3, 'apply', '--once', ...machine],
    [64, 'adopt', ...machine],
    [0, 'adopt', '--yes', ...machine],
    [0, 'apply', '--once', ...machine],
    [0, 'plan', ...machine, '--detailed-exitcode'],
    [0, 'diff', ...machine, '--detailed-exitcode'],
    [0, 'drift', '--root', root, '--engine', 'builtin', '--detailed-exitcode'],
    [0, 'status', '--root', root],
    [0, 'history', '--root', root],
    [0, 'events', '--root', root],
    [0, 'suspend', '--root', root, '--reason', 'a test'],
    [0, 'resume', '--root', root],
    [1, 'reconcile', '--root', root],
  ]
  for (const [expected, ...words] of steps) {
    const { code, err } = await fairlead(...words)
    expect(code, `${words.join(' ')}: ${err}`).toBe(expected)
    expect(err).not.toContain('a bug in Fairlead')
  }
  expect((await fairlead('plan', ...machine, '-o', 'json')).out).not.toContain(flags)
  rmSync(join(root, '..'), { recursive: true, force: true })
})

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestContent } from '../lab/git-client.ts'
import { createMachine, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'

const good = networkYaml('  components: { traefik: { values: { ports: { web: { exposedPort: 80 } } } } }\n')
const manifest = 'clusters/home/manifests/app.yaml'
const aliasBomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefghi'[index]},`.repeat(9)}]`),
].join('\n')

let machine: TestMachine

beforeAll(async () => {
  machine = await createMachine()
  await machine.adopt()
  await machine.repository.push({ [networkFile]: good })
  machine.start()
  await machine.statusUntil((status) => status.verdict === 'settled')
})
afterAll(() => machine.close())

const cases: readonly { name: string; files: Record<string, TestContent>; code: RegExp }[] = [
  { name: 'an alias bomb', files: { [networkFile]: `${good}\n${aliasBomb}\n` }, code: /ALIAS/ },
  { name: 'a file of 50 MB', files: { [networkFile]: Buffer.alloc(50 * 1024 * 1024, '#') }, code: /TOO_LARGE/ },
  { name: 'a manifest of 50 MB', files: { [manifest]: Buffer.alloc(50 * 1024 * 1024, '#') }, code: /TOO_LARGE/ },
  { name: 'deep nesting', files: { [networkFile]: `${good}  drift: ${'['.repeat(100_000)}\n` }, code: /DEEP|NEST/ },
  { name: 'a NUL byte', files: { [networkFile]: `${good}# \u0000\n` }, code: /NUL|CONTROL/ },
  { name: 'text that is not UTF-8', files: { [networkFile]: Buffer.from([0x61, 0x3a, 0xff, 0xfe]) }, code: /UTF/ },
  { name: 'a link to /etc/passwd', files: { [manifest]: { link: '/etc/passwd' } }, code: /SYMLINK/ },
  { name: 'a link in place of the document', files: { [networkFile]: { link: '/etc/passwd' } }, code: /SYMLINK/ },
  {
    name: 'a key named __proto__',
    files: { [networkFile]: `${good}  __proto__: { polluted: true }\n` },
    code: /KEY|FIELD/,
  },
  {
    name: 'a plain Secret',
    files: { [manifest]: 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { k: canary }\n' },
    code: /PLAIN_SECRET/,
  },
]

for (const { name, files, code } of cases) {
  test(`refused with its place, nothing written, still alive: ${name}`, async () => {
    const before = tree()
    const bad = await machine.push(files)
    const status = await machine.statusUntil((one) => one.attemptedRevision.endsWith(bad))
    expect(status.conditions.find((one) => one.type === 'Ready')?.reason).toBe('DesiredStateInvalid')
    expect(status.problems.join('\n')).toMatch(/^clusters\/home\/\S+:\d+:\d+ /)
    expect(status.problems.join('\n')).toMatch(code)
    expect(tree()).toEqual(before)
    expect(JSON.stringify([status, machine.log])).not.toContain('canary')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    const mended = await machine.push({ [networkFile]: good, [manifest]: undefined })
    await machine.statusUntil((one) => one.attemptedRevision.endsWith(mended) && one.verdict === 'settled')
  })
}

test('a tree entry named ".." never becomes a path', async () => {
  const git = (args: readonly string[], input?: string): string =>
    execFileSync('git', [...args], { cwd: machine.repository.bare, ...(input === undefined ? {} : { input }) })
      .toString()
      .trim()
  const blob = git(['hash-object', '-w', '--stdin'], 'escaped: true\n')
  const document = git(['hash-object', '-w', '--stdin'], good)
  const up = git(['mktree'], `100644 blob ${blob}\tx.yaml\n`)
  const manifests = git(['mktree'], `040000 tree ${up}\t..\n`)
  const home = git(['mktree'], `040000 tree ${manifests}\tmanifests\n100644 blob ${document}\tnetwork.yaml\n`)
  const clusters = git(['mktree'], `040000 tree ${home}\thome\n`)
  const root = git(['mktree'], `040000 tree ${clusters}\tclusters\n`)
  const author = ['-c', 'user.name=Mallory', '-c', 'user.email=mallory@example.org']
  const commit = git([...author, 'commit-tree', root, '-m', 'Climb out'])
  const before = tree()
  git(['update-ref', 'refs/heads/main', commit])
  await machine.state.writeReconcileRequest({ token: commit })
  const status = await machine.statusUntil((one) => one.lastHandledReconcileAt === commit)
  const source = status.conditions.find((one) => one.type === 'SourceReady')
  expect([source?.status, source?.reason]).toEqual(['False', 'GIT_PACK_DAMAGED'])
  expect(status.revision.endsWith(commit)).toBe(false)
  expect(tree()).toEqual(before)
  expect(existsSync(join(machine.manifests, '../x.yaml'))).toBe(false)
})

/** Every path below the machine's root, without what the Git store keeps. */
function tree(): readonly string[] {
  return readdirSync(machine.root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('var/lib/fairlead'))
    .sort()
}

import { expect, test } from 'vitest'
import { installCommand } from '../../src/cli/install.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'

async function install(
  flags: Readonly<Record<string, string>>,
  options: Readonly<Record<string, string | boolean>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = fakeTerminal('/')
  const code = await installCommand(callOf(terminal, { flags, options }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

const documentsOf = (text: string) =>
  text
    .split(/^---\n/m)
    .filter((part) => part !== '')
    .map(readYamlMap)

test('every printed document is a Kubernetes object, definitions first', async () => {
  const { code, out, err } = await install({ gitUrl: 'https://git.example/net.git' })
  expect([code, err]).toEqual([0, ''])
  const kinds = documentsOf(out).map(({ kind }) => kind)
  expect(kinds.slice(0, 4)).toEqual([
    'CustomResourceDefinition',
    'CustomResourceDefinition',
    'CustomResourceDefinition',
    'Namespace',
  ])
  expect(kinds.length).toBe(15)
})

test('definitions alone can be had, and need no repository', async () => {
  const { out, err } = await install({}, { 'crds-only': true })
  expect(documentsOf(out).map(({ kind }) => kind)).toEqual(Array(3).fill('CustomResourceDefinition'))
  expect(err).toBe('')
})

test('without a repository it is printed all the same, and said', async () => {
  const { code, err } = await install({})
  expect(code).toBe(0)
  expect(err).toMatch(/no --git-url: the controller will not start/)
})

test('an API on another port is where the controller looks', async () => {
  const { out } = await install({}, { api: '[fd00::1]:7443' })
  expect(out).toMatch(/name: "KUBERNETES_SERVICE_HOST"\n\s+value: "fd00::1"\n/)
  expect(out).toMatch(/value: "7443"/)
})

const refused: readonly {
  readonly name: string
  readonly flags?: Readonly<Record<string, string>>
  readonly options?: Readonly<Record<string, string>>
  readonly where: string
}[] = [
  { name: 'an address of git that needs ssh', flags: { gitUrl: 'git@git.example:net.git' }, where: '--git-url' },
  { name: 'a local repository', flags: { gitUrl: '/srv/net.git' }, where: '--git-url' },
  { name: 'an image with a space', options: { image: 'a b' }, where: '--image' },
  { name: 'an image that looks like an option', options: { image: '-x' }, where: '--image' },
  {
    name: 'a token in place of the name of its Secret',
    options: { 'git-token-secret': 'ghp_Abc' },
    where: '--git-token-secret',
  },
  { name: 'an API without a port', options: { api: 'server-1' }, where: '--api' },
  { name: 'an API on port 0', options: { api: '127.0.0.1:0' }, where: '--api' },
  { name: 'an API on a port that there is not', options: { api: '127.0.0.1:70000' }, where: '--api' },
]
for (const { name, flags = {}, options = {}, where } of refused) {
  test(`${name} is refused, and nothing is printed`, async () => {
    const terminal = fakeTerminal('/')
    const call = callOf(terminal, { flags, options })
    await expect(installCommand(call)).rejects.toMatchObject({ detail: { code: 'SETTING_INVALID', where } })
    expect(terminal.out.text).toBe('')
  })
}

test('what may be a token is never repeated', async () => {
  const call = callOf(fakeTerminal('/'), { options: { 'git-token-secret': 'ghp_Secret' } })
  await expect(installCommand(call)).rejects.not.toThrow(/ghp_Secret/)
})

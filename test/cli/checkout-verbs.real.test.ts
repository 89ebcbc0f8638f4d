import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Command, CommandCall } from '../../src/cli/command.ts'
import { diffCommand } from '../../src/cli/diff.ts'
import { explainCommand } from '../../src/cli/explain.ts'
import { initCommand } from '../../src/cli/init.ts'
import { readTemplate } from '../../src/cli/package-files.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { renderCommand } from '../../src/cli/render.ts'
import { validateCommand } from '../../src/cli/validate.ts'
import { versionCommand } from '../../src/cli/version.ts'
import { allRules } from '../../src/lint/catalogue.ts'
import type { SettingKey } from '../../src/settings.ts'
import { git } from '../lab/git-client.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { network, sampleWorld, writeTree } from './sample-repository.ts'

let world = sampleWorld()
beforeEach(() => {
  world = sampleWorld()
})
afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

async function call(
  command: Command,
  given: {
    readonly options?: CommandCall['options']
    readonly words?: readonly string[]
    readonly flags?: Partial<Record<SettingKey, string>>
  } = {},
) {
  const terminal = fakeTerminal(world.directory)
  const code = await command(callOf(terminal, { ...given, flags: { repo: 'repo', ...given.flags } }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

describe('init', () => {
  test('copies the template, which is valid as it is', async () => {
    const { code, out } = await call(initCommand, { words: ['new/place'] })
    expect(code).toBe(0)
    const files = [...readTemplate().keys()]
    expect(out).toBe(`${files.length} files written to ${join(world.directory, 'new/place')}\n`)
    for (const [path, text] of readTemplate()) {
      expect(readFileSync(join(world.directory, 'new/place', path), 'utf8')).toBe(text)
    }
    expect((await call(validateCommand, { words: ['new/place'] })).code).toBe(0)
  })

  test('writes nothing over anything, and then nothing at all', async () => {
    writeTree(join(world.directory, 'new'), { 'README.md': 'mine' })
    mkdirSync(join(world.directory, 'new/clusters/home'), { recursive: true })
    symlinkSync('/nowhere', join(world.directory, 'new/clusters/home/network.yaml'))
    const { code, err } = await call(initCommand, { words: ['new'] })
    expect(code).toBe(1)
    expect(err).toContain('new/README.md\n')
    expect(err).toContain('new/clusters/home/network.yaml\n')
    expect(readdirSync(join(world.directory, 'new')).sort()).toEqual(['README.md', 'clusters'])
    expect(readFileSync(join(world.directory, 'new/README.md'), 'utf8')).toBe('mine')
  })

  test('--dry-run lists the files and makes none', async () => {
    const { code, out } = await call(initCommand, { words: ['new'], options: { 'dry-run': true } })
    expect(code).toBe(0)
    expect(out.split('\n')).toContain(join(world.directory, 'new/clusters/home/network.yaml'))
    expect(existsSync(join(world.directory, 'new'))).toBe(false)
  })

  test('the next steps leave out what is done already', async () => {
    const away = await call(initCommand, { words: ['new'] })
    expect(away.err).toContain('  cd new\n')
    expect(away.err).toContain('  git init && git add -A && git commit   then push')
    await git(world.repo, ['init', '--quiet'])
    const below = await call(initCommand, { words: ['repo/sub/dir'] })
    expect(below.err).toContain('  git add -A && git commit               then push')
    const here = fakeTerminal(join(world.directory, 'root'))
    expect(await initCommand(callOf(here, { words: ['.'] }))).toBe(0)
    expect(here.err.text).not.toContain('cd ')
  })

  test.each([
    ['/proc/fairlead-init/deep', '/proc/fairlead-init'],
    ['repo/clusters/home/network.yaml/below', 'repo/clusters/home/network.yaml'],
  ])('a place that cannot be made (%s) is a failure that names where it ends', async (place, where) => {
    const detail = { code: 'FILE_REFUSED', where: resolve(world.directory, where) }
    await expect(call(initCommand, { words: [place] })).rejects.toMatchObject({ detail })
  })
})

describe('validate', () => {
  test('a good repository ends with 0 and a summary on stderr', async () => {
    expect(await call(validateCommand)).toEqual({
      code: 0,
      out: '',
      err: '1 cluster: 0 errors, 0 warnings, 0 notices\n',
    })
  })

  test('every problem of every cluster is printed, sorted by place, with 3 at the end', async () => {
    writeTree(world.repo, {
      'clusters/home/network.yaml': `${network}  surprise: 1\n`,
      'clusters/away/network.yaml': network.replace('name: home', 'name: away').replace('v1.33.4+k3s1', '"1.33"'),
    })
    const { code, out, err } = await call(validateCommand)
    expect(code).toBe(3)
    const places = out.split('\n').filter((line) => line.startsWith('clusters/'))
    expect(places).toEqual([
      expect.stringMatching(/^clusters\/away\/network\.yaml:6:15 {2}/),
      'clusters/home/network.yaml:14:3  UNKNOWN_FIELD',
    ])
    expect(err).toBe('2 clusters: 2 errors, 0 warnings, 0 notices\n')
  })

  test('notices are counted, and shown when asked for', async () => {
    const windows = '  rollout: { windows: [{ schedule: "0 2 * * 6", duration: 2h }] }\n'
    writeTree(world.repo, { 'clusters/home/network.yaml': `${network}${windows}` })
    const quiet = await call(validateCommand)
    expect([quiet.code, quiet.out]).toEqual([0, ''])
    expect(quiet.err).toBe('1 cluster: 0 errors, 0 warnings, 1 notice (shown with --verbose)\n')
    const verbose = await call(validateCommand, { options: { verbose: true } })
    expect(verbose.out).toContain('clusters/home/network.yaml:14:23  NOT_ENFORCED')
  })

  test('contract: the report in JSON', async () => {
    writeTree(world.repo, { 'clusters/home/network.yaml': `${network}  surprise: 1\n` })
    const { code, out } = await call(validateCommand, { options: { output: 'json' } })
    expect(code).toBe(3)
    const report = JSON.parse(out)
    expect(Object.keys(report)).toEqual(['apiVersion', 'kind', 'clusters', 'problems'])
    expect(report).toMatchObject({
      apiVersion: 'fairlead.dev/v1alpha1',
      kind: 'ValidationReport',
      clusters: ['clusters/home'],
      problems: [
        {
          code: 'UNKNOWN_FIELD',
          severity: 'error',
          place: { file: 'clusters/home/network.yaml', line: 14, column: 3 },
        },
      ],
    })
  })

  test('a repository without a cluster is no success', async () => {
    await expect(call(validateCommand, { words: ['root'] })).rejects.toMatchObject({
      detail: { code: 'NO_CLUSTERS' },
    })
  })

  test('a hostile file name cannot drive the terminal', async () => {
    writeTree(world.repo, { 'clusters/home/manifests/a\u001b[2J\u202e.yaml': 'kind: [' })
    const { code, out } = await call(validateCommand)
    expect(code).toBe(3)
    expect(out).toContain('\\x1b[2J')
    for (const character of ['\u001b', '\u202e']) expect(out).not.toContain(character)
  })
})

describe('render', () => {
  test('twice gives the same bytes', async () => {
    const first = await call(renderCommand)
    expect(first.code).toBe(0)
    expect(first.out).toMatch(/^--- every-server\/etc\/rancher\/k3s\/config\.yaml\.d\/90-fairlead\.yaml\n/)
    expect((await call(renderCommand)).out).toBe(first.out)
  })

  test('--out writes one directory a node and the ClusterProgram, into an empty place only', async () => {
    const { code } = await call(renderCommand, { options: { out: 'out' } })
    expect(code).toBe(0)
    expect(readdirSync(join(world.directory, 'out')).sort()).toEqual(['cluster-program.json', 'every-server'])
    const again = call(renderCommand, { options: { out: 'out' } })
    await expect(again).rejects.toMatchObject({ detail: { code: 'DIRECTORY_NOT_EMPTY' } })
  })

  test('--out into a place that cannot be made is a failure', async () => {
    const rendered = call(renderCommand, { options: { out: '/proc/fairlead-render' } })
    await expect(rendered).rejects.toMatchObject({
      detail: { code: 'FILE_REFUSED', where: '/proc/fairlead-render' },
    })
  })

  test('with a capture it renders the nodes that there are', async () => {
    const options = { capture: captureFile(), output: 'json' }
    const list = JSON.parse((await call(renderCommand, { options })).out)
    expect(list).toMatchObject({ kind: 'ProgramList', cluster: { kind: 'ClusterProgram', cluster: 'home' } })
    expect(list.nodes.map(({ node, role }: { node: string; role: string }) => `${node} ${role}`)).toEqual([
      'pi-1 server',
      'pi-2 agent',
    ])
  })
})

describe('plan against something else than a machine', () => {
  test('--base shows what the work tree changes about a revision', async () => {
    await commitAll(world.repo)
    writeTree(world.repo, { 'clusters/home/network.yaml': network.replace('192.168.1.1', '9.9.9.9') })
    const { code, out } = await call(planCommand, { options: { base: 'HEAD', 'detailed-exitcode': true } })
    expect(code).toBe(2)
    expect(out).toContain('~ /var/lib/rancher/k3s/server/manifests/fairlead-coredns-custom.yaml')
    expect(out).toContain('Plan: 0 to create, 1 to change, 0 to remove')
    const diff = await call(diffCommand, { options: { base: 'HEAD' } })
    expect(diff.out).toContain('-        forward . 192.168.1.1\n+        forward . 9.9.9.9\n')
  })

  test('--base without changes ends with 0', async () => {
    await commitAll(world.repo)
    const { code, out } = await call(planCommand, { options: { base: 'HEAD', 'detailed-exitcode': true } })
    expect([code, out.split('\n').at(-2)]).toEqual([0, 'Plan: no changes'])
  })

  test('--base plans every cluster, new ones whole, and says which are gone', async () => {
    await commitAll(world.repo)
    writeTree(world.repo, { 'clusters/new/network.yaml': network.replace('name: home', 'name: new') })
    rmSync(join(world.repo, 'clusters/home'), { recursive: true })
    const { out, err } = await call(planCommand, { options: { base: 'HEAD' } })
    expect(out).toContain('new / every-server\n')
    expect(err).toContain('clusters/home is gone')
  })

  test('a pull request that no living cluster can follow is denied', async () => {
    const ranged = (cidr: string) => `${network}  addressing: { clusterCIDR: [${cidr}] }\n`
    writeTree(world.repo, { 'clusters/home/network.yaml': ranged('10.42.0.0/16') })
    await commitAll(world.repo)
    writeTree(world.repo, { 'clusters/home/network.yaml': ranged('10.52.0.0/16') })
    const { code, out } = await call(planCommand, { options: { base: 'HEAD' } })
    expect(code).toBe(3)
    expect(out).toContain('refused  ')
    expect(out).toContain('impact: Rebuild')
  })

  test('a base that does not exist is a failure that names it', async () => {
    await commitAll(world.repo)
    const planned = call(planCommand, { options: { base: 'origin/nowhere' } })
    await expect(planned).rejects.toMatchObject({ detail: { code: 'GIT_COMMIT_MISSING' } })
  })

  test('--capture plans for the nodes and labels of the capture', async () => {
    const options = { capture: captureFile(), output: 'json' }
    const { code, out } = await call(planCommand, { options })
    expect(code).toBe(0)
    const plan = JSON.parse(out)
    expect(plan.against).toEqual({ kind: 'capture', name: captureFile() })
    expect(plan.clusters[0].nodes.map(({ node }: { node: string }) => node)).toEqual(['pi-1', 'pi-2'])
  })

  test('a broken capture is told with its place', async () => {
    writeTree(world.directory, { 'broken.yaml': 'kind: Capture\n' })
    const { code, err } = await call(planCommand, { options: { capture: 'broken.yaml' } })
    expect(code).toBe(3)
    expect(err).toContain('broken.yaml:1:1  CAPTURE_INVALID')
  })

  test('a capture and a base together are bad usage', async () => {
    const { code } = await call(planCommand, { options: { base: 'HEAD', capture: captureFile() } })
    expect(code).toBe(64)
  })

  test('the repository may be fetched instead of checked out', async () => {
    await commitAll(world.repo)
    const flags = { repo: '.', gitUrl: world.repo, root: 'root', engine: 'builtin' }
    const { code, out } = await call(planCommand, { flags })
    expect(code).toBe(0)
    expect(out).toContain('home / pi-1\n')
  })
})

describe('explain and version', () => {
  test('a field is explained with its type, default and values', async () => {
    const { code, out } = await call(explainCommand, { words: ['cni.flannel.backend'] })
    expect(code).toBe(0)
    expect(out).toMatch(
      /^KIND {5}ClusterNetwork\nFIELD {4}spec\.cni\.flannel\.backend\nTYPE {5}text\nDEFAULT {2}vxlan\n/,
    )
    expect(out).toContain('host-gw')
  })

  test('an unknown field is bad usage, with what may have been meant', async () => {
    const { code, out, err } = await call(explainCommand, { words: ['cni.flannel.bakend'] })
    expect([code, out]).toEqual([64, ''])
    expect(err).toContain('cni.flannel.backend')
  })

  test('a rule that is misspelt, and the list of all', async () => {
    const { code, err } = await call(explainCommand, { words: ['trf-key-unkown'] })
    expect(code).toBe(64)
    expect(err).toContain('       trf-key-unknown\n')
    const list = await call(explainCommand, { words: ['rules'] })
    expect(list.code).toBe(0)
    for (const { id } of allRules) expect(list.out).toContain(`\n  ${id} `)
    expect(Math.max(...list.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(90)
  })

  test('entries of the catalogue without a rule, and codes of the documents, are no unknown words', async () => {
    const entry = await call(explainCommand, { words: ['machine-no-drop-ins'] })
    expect(entry.code).toBe(0)
    expect(entry.out).toContain('cfg-file-unsupported looks at')
    const code = await call(explainCommand, { words: ['CIDR_HOST_BITS'] })
    expect(code.code).toBe(0)
    expect(code.out).toMatch(/^No rule has the code CIDR_HOST_BITS/)
  })

  test('a flag of K3s is explained from the catalogue, and a wrong one is not free', async () => {
    for (const path of ['k3sFlags.servers.tls-san', 'ClusterNetwork.spec.k3sFlags.nodes.tls-san']) {
      const { code, out } = await call(explainCommand, { words: [path] })
      expect(code).toBe(0)
      expect(out).toMatch(/^FLAG {5}tls-san\nTYPE {5}list of texts\n/)
      expect(out).toContain('SOURCE   k3s-io/k3s ')
    }
    const { code, err } = await call(explainCommand, { words: ['NodeNetwork.k3sFlags.kubelet-rg'] })
    expect(code).toBe(64)
    expect(err).toContain('did you mean kubelet-arg?')
    expect((await call(explainCommand, { words: ['k3sFlags.servers'] })).out).toContain(
      'FIELD    spec.k3sFlags.servers',
    )
  })

  test('without a path the kinds are listed', async () => {
    const { code, out } = await call(explainCommand)
    expect(code).toBe(0)
    expect(out).toMatch(/^ClusterNetwork\n {2}\S.*\nNodeNetwork\n {2}\S/)
  })

  test('below a free-form field every name is allowed, and only there', async () => {
    const { code, out } = await call(explainCommand, { words: ['components.traefik.values.a.b'] })
    expect(code).toBe(0)
    expect(out).toMatch(/^spec\.components\.traefik\.values is free-form: .*\n\nKIND {5}ClusterNetwork\n/)
    expect((await call(explainCommand, { words: ['cni.flannel.backend.x'] })).code).toBe(64)
  })

  test('contract: version as JSON', async () => {
    const { out } = await call(versionCommand, { options: { output: 'json' } })
    expect(JSON.parse(out)).toEqual({
      version: '0.1.0',
      node: process.versions.node,
      platform: `${process.platform}/${process.arch}`,
    })
  })
})

function captureFile(): string {
  return new URL('../fixtures/captures/home.yaml', import.meta.url).pathname
}

async function commitAll(directory: string): Promise<void> {
  await git(directory, ['init', '--quiet', '--initial-branch=main'])
  await git(directory, ['add', '--all'])
  await git(directory, ['commit', '--quiet', '-m', 'Begin'])
}

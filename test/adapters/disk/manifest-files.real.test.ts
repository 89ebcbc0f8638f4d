import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openManifestFiles } from '../../../src/adapters/disk/manifest-files.ts'
import type { ManifestTree, TreeEntry } from '../../../src/domain/manifest-tree.ts'
import type { ManifestFilesPort } from '../../../src/ports/manifest-files-port.ts'

const base = '/var/lib/rancher/k3s/server/manifests'
const signal = new AbortController().signal
let root: string
let files: ManifestFilesPort

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'manifest-files-'))
  mkdirSync(root + base, { recursive: true })
  files = openManifestFiles({ root })
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

/** A path below the root of the machine; one that is not absolute is below the manifests directory. */
const at = (path: string): string => root + (path.startsWith('/') ? path : `${base}/${path}`)

function put(path: string, content = 'x'): void {
  mkdirSync(dirname(at(path)), { recursive: true })
  writeFileSync(at(path), content)
}

async function entries(): Promise<readonly TreeEntry[]> {
  const tree = await files.tree(signal)
  if (tree.kind !== 'read') throw new Error(tree.message)
  return tree.entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

const shown = ({ path, type, target }: TreeEntry): string =>
  target === undefined ? `${type} ${path}` : `${type} ${path} -> ${target.kind}`

describe('the tree', () => {
  test('holds files, directories at any depth, and links without following them', async () => {
    put('b.yaml')
    put('sub/deep/a.yaml')
    put('.hidden/x.yaml')
    put('/srv/elsewhere/one.yaml')
    symlinkSync('b.yaml', at('near.yaml'))
    symlinkSync('/srv/elsewhere', at('linked'))
    symlinkSync('/srv/nowhere', at('gone.yaml'))
    expect((await entries()).map(shown)).toEqual([
      'directory .hidden',
      'file .hidden/x.yaml',
      'file b.yaml',
      'link gone.yaml -> missing',
      'link linked -> directory',
      'link near.yaml -> file',
      'directory sub',
      'directory sub/deep',
      'file sub/deep/a.yaml',
    ])
  })

  test('names what is behind a link by the real path, and follows no link in there', async () => {
    put('/srv/real/one.yaml')
    symlinkSync('/srv/real', at('/srv/alias'))
    symlinkSync('/srv/alias', at('linked'))
    symlinkSync('/srv/real', at('/srv/real/again'))
    const [linked] = await entries()
    expect(linked?.target).toMatchObject({ kind: 'directory', realPath: '/srv/real' })
    const below = linked?.target?.kind === 'directory' ? linked.target.entries : []
    expect(below.map(shown).sort()).toEqual(['file one.yaml', 'link again'])
  })

  test('has the times of the links themselves, to the nanosecond', async () => {
    put('a.yaml')
    execFileSync('touch', ['-d', '2026-01-02 03:04:05.123456789 UTC', at('a.yaml')])
    symlinkSync('a.yaml', at('b.yaml'))
    execFileSync('touch', ['-h', '-d', '@1.5', at('b.yaml')])
    expect((await entries()).map(({ mtimeNs }) => mtimeNs)).toEqual([1_767_323_045_123_456_789n, 1_500_000_000n])
  })

  test('absolute links and .. stay below the root', async () => {
    put('/etc/inside.yaml', 'inside')
    symlinkSync('/etc/inside.yaml', at('absolute.yaml'))
    symlinkSync('../../../../../../../../../../../etc/inside.yaml', at('upwards.yaml'))
    expect((await entries()).map(shown)).toEqual(['link absolute.yaml -> file', 'link upwards.yaml -> file'])
    for (const name of ['absolute.yaml', 'upwards.yaml']) {
      expect(Buffer.from(await files.read(`${base}/${name}`, signal)).toString()).toBe('inside')
    }
  })

  test('links that lead in a circle lead nowhere', async () => {
    symlinkSync('two.yaml', at('one.yaml'))
    symlinkSync('one.yaml', at('two.yaml'))
    expect((await entries()).map(shown)).toEqual(['link one.yaml -> missing', 'link two.yaml -> missing'])
    await expect(files.read(`${base}/one.yaml`, signal)).rejects.toThrow(
      `open ${base}/one.yaml: too many levels of symbolic links`,
    )
  })

  test('a data directory on another disk may be a link', async () => {
    rmSync(at('/var/lib/rancher'), { recursive: true })
    put('/data/k3s/server/manifests/a.yaml')
    mkdirSync(at('/var/lib/rancher'))
    symlinkSync('/data/k3s', at('/var/lib/rancher/k3s'))
    expect((await entries()).map(shown)).toEqual(['file a.yaml'])
    await files.remove(`${base}/a.yaml`, signal)
    expect(existsSync(at('/data/k3s/server/manifests/a.yaml'))).toBe(false)
  })

  test('a directory that is missing is an answer, in the words of K3s', async () => {
    rmSync(at('/var/lib/rancher/k3s'), { recursive: true })
    expect(await files.tree(signal)).toEqual<ManifestTree>({
      kind: 'missing',
      base,
      message: `lstat ${base}: no such file or directory`,
    })
  })

  test.skipIf(process.getuid?.() === 0)('a directory that may not be read refuses all of it', async () => {
    put('closed/a.yaml')
    chmodSync(at('closed'), 0o000)
    expect(await files.tree(signal)).toMatchObject({
      kind: 'missing',
      message: `open ${base}/closed: permission denied`,
    })
    chmodSync(at('closed'), 0o700)
  })

  test('is given up beyond twenty thousand files', async () => {
    for (let index = 0; index < 20_001; index++) writeFileSync(at(`${index}`), '')
    expect(await files.tree(signal)).toMatchObject({ kind: 'missing', message: `walk ${base}: more than 20000 files` })
  })
})

describe('reading', () => {
  test('goes through links and gives the bytes as they are', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0, 1, 0x80])
    writeFileSync(at('a.yaml'), bytes)
    symlinkSync('a.yaml', at('b.yaml'))
    expect(Buffer.from(await files.read(`${base}/b.yaml`, signal))).toEqual(bytes)
  })

  const refusals: readonly (readonly [string, () => void, string])[] = [
    ['a file that is gone', () => {}, `open ${base}/it.yaml: no such file or directory`],
    ['a directory', () => mkdirSync(at('it.yaml')), `read ${base}/it.yaml: is a directory`],
    ['a pipe', () => void execFileSync('mkfifo', [at('it.yaml')]), `read ${base}/it.yaml: not a regular file`],
    ['a file in a file', () => put('it.yaml'), `open ${base}/it.yaml/below: not a directory`],
    [
      'a file beyond 32 MiB',
      () => {
        put('it.yaml')
        truncateSync(at('it.yaml'), 32 * 1024 * 1024 + 1)
      },
      `read ${base}/it.yaml: file too large`,
    ],
  ]
  for (const [name, make, message] of refusals) {
    test(`${name} is refused in the words of K3s`, async () => {
      make()
      const path = message.includes('/below') ? `${base}/it.yaml/below` : `${base}/it.yaml`
      await expect(files.read(path, signal)).rejects.toThrow(message)
      await expect(files.read(path, signal)).rejects.toMatchObject({
        detail: { code: 'MANIFEST_REFUSED', where: path },
      })
    })
  }
})

describe('removing', () => {
  test('takes a link and leaves what it leads to', async () => {
    put('/srv/real/one.yaml')
    symlinkSync('/srv/real/one.yaml', at('link.yaml'))
    symlinkSync('/srv/real', at('linked'))
    await files.remove(`${base}/link.yaml`, signal)
    await files.remove(`${base}/linked`, signal)
    expect(await entries()).toEqual([])
    expect(existsSync(at('/srv/real/one.yaml'))).toBe(true)
  })

  test('takes a file behind a link, and an empty directory', async () => {
    put('/srv/real/one.yaml')
    symlinkSync('/srv/real', at('linked'))
    await files.remove(`${base}/linked/one.yaml`, signal)
    expect(existsSync(at('/srv/real/one.yaml'))).toBe(false)
    mkdirSync(at('d.yaml'))
    await files.remove(`${base}/d.yaml`, signal)
    expect((await entries()).map(shown)).toEqual(['link linked -> directory'])
  })

  test('refuses a directory that holds something, and what is gone', async () => {
    put('d.yaml/inside')
    await expect(files.remove(`${base}/d.yaml`, signal)).rejects.toThrow(`remove ${base}/d.yaml: directory not empty`)
    await expect(files.remove(`${base}/gone`, signal)).rejects.toThrow(`remove ${base}/gone: no such file or directory`)
  })
})

test('a file that only got another time has another time', async () => {
  put('a.yaml')
  utimesSync(at('a.yaml'), 0, 0)
  expect((await entries())[0]?.mtimeNs).toBe(0n)
})

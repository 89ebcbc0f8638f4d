import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckout } from '../../../src/adapters/checkout/checkout-reader.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

const never = new AbortController().signal

describe('a checkout', () => {
  test('is read as a repository would hold it: sorted, links as links, without .git', async () => {
    const root = await temporaryDirectory()
    await mkdir(join(root, 'clusters/home'), { recursive: true })
    await mkdir(join(root, '.git'))
    await mkdir(join(root, 'module/.git'), { recursive: true })
    await writeFile(join(root, '.git/config'), 'x')
    await writeFile(join(root, 'module/inner.yaml'), 'x')
    await writeFile(join(root, 'clusters/home/b.yaml'), 'b: 1\n')
    await writeFile(join(root, 'clusters/home/a.yaml'), '')
    await symlink('/etc/passwd', join(root, 'clusters/passwd'))
    const files = await openCheckout(root).readDirectory('', never)
    expect(files.map(({ path, type, sizeBytes, bytes }) => [path, type, sizeBytes, bytes && text(bytes)])).toEqual([
      ['clusters/home/a.yaml', 'file', 0, ''],
      ['clusters/home/b.yaml', 'file', 5, 'b: 1\n'],
      ['clusters/passwd', 'symlink', 11, undefined],
      ['module', 'submodule', 0, undefined],
    ])
  })

  test('has nothing below a directory that is missing, a file, or reached through a symlink', async () => {
    const root = await temporaryDirectory()
    const outside = await temporaryDirectory()
    await writeFile(join(outside, 'secret.yaml'), 'x')
    await symlink(outside, join(root, 'clusters'))
    await writeFile(join(root, 'file'), 'x')
    const reader = openCheckout(root)
    for (const directory of ['none', 'file', 'clusters', 'clusters/home']) {
      expect(await reader.readDirectory(directory, never)).toEqual([])
    }
  })

  test('is not left by a path', async () => {
    const reader = openCheckout(await temporaryDirectory())
    for (const directory of ['..', 'a/../..', '/etc', 'a//b']) {
      await expect(reader.readDirectory(directory, never)).rejects.toMatchObject({
        detail: { code: 'GIT_PATH_REFUSED' },
      })
    }
  })

  test('a pipe in it is left out and waited for by nobody; a large file comes without its content', async () => {
    const root = await temporaryDirectory()
    execFileSync('mkfifo', [join(root, 'pipe')])
    await writeFile(join(root, 'large'), Buffer.alloc(1024 * 1024 + 1))
    const files = await openCheckout(root).readDirectory('', never)
    expect(files).toEqual([{ path: 'large', type: 'file', sizeBytes: 1024 * 1024 + 1 }])
  })

  test('more than 64 MiB are refused', async () => {
    const root = await temporaryDirectory()
    const mebibyte = Buffer.alloc(1024 * 1024)
    for (let index = 0; index < 65; index += 1) await writeFile(join(root, `f${index}`), mebibyte)
    await expect(openCheckout(root).readDirectory('', never)).rejects.toMatchObject({
      detail: { code: 'TREE_TOO_LARGE' },
    })
  })

  test('a pointer to LFS is named', async () => {
    const root = await temporaryDirectory()
    await writeFile(join(root, 'chart.tgz'), 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')
    const reading = openCheckout(root).readDirectory('', never)
    await expect(reading).rejects.toMatchObject({ detail: { code: 'GIT_LFS_POINTER', where: 'chart.tgz' } })
  })

  test('a root that is missing is a failure, not an empty repository', async () => {
    const root = join(await temporaryDirectory(), 'none')
    await expect(openCheckout(root).readDirectory('', never)).rejects.toMatchObject({
      detail: { code: 'CHECKOUT_UNREADABLE' },
    })
  })
})

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

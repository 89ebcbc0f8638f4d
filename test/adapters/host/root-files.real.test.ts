import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RootFiles } from '../../../src/adapters/host/root-files.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

async function machine(): Promise<{ readonly root: string; readonly files: RootFiles }> {
  const directory = await temporaryDirectory()
  const root = join(directory, 'root')
  mkdirSync(join(root, 'etc/rancher'), { recursive: true })
  writeFileSync(join(directory, 'outside'), 'not of this machine')
  return { root, files: new RootFiles(root) }
}

test('a file is read with its mode and digest; what is missing is missing', async () => {
  const { root, files } = await machine()
  writeFileSync(join(root, 'etc/rancher/a.yaml'), 'a: 1\n')
  chmodSync(join(root, 'etc/rancher/a.yaml'), 0o640)
  expect(files.read('/etc/rancher/a.yaml')).toMatchObject({ type: 'file', text: 'a: 1\n', mode: 0o640, sizeBytes: 5 })
  expect(files.read('/etc/rancher/b.yaml')).toBeUndefined()
  expect(files.read('/etc/rancher/a.yaml/below')).toBeUndefined()
  expect(files.list('/etc/rancher')).toEqual(['a.yaml'])
  expect(files.list('/nowhere')).toEqual([])
  expect(files.modifiedAtMs('/etc/rancher')).toBeUndefined()
})

test('symbolic links stay on the machine, wherever they point', async () => {
  const { root, files } = await machine()
  writeFileSync(join(root, 'etc/real'), 'here')
  symlinkSync('/etc/real', join(root, 'etc/absolute'))
  symlinkSync('../etc/real', join(root, 'etc/relative'))
  symlinkSync('../../../../outside', join(root, 'etc/above'))
  symlinkSync(join(root, '../outside'), join(root, 'etc/away'))
  symlinkSync('circle', join(root, 'etc/circle'))
  symlinkSync('/etc', join(root, 'link'))
  expect(files.read('/etc/absolute')?.text).toBe('here')
  expect(files.read('/etc/relative')?.text).toBe('here')
  expect(files.read('/link/real')?.text).toBe('here')
  expect(files.list('/link/')).toContain('real')
  expect(files.read('/etc/above')).toBeUndefined()
  expect(files.read('/etc/away')).toBeUndefined()
  expect(files.read('/etc/../../../outside')).toBeUndefined()
  expect(files.read('/etc/circle')?.unreadable).toBe('its symbolic links lead in a circle')
})

test('a pipe is not opened, and a file that is no text, or too large, has none', async () => {
  const { root } = await machine()
  execFileSync('mkfifo', [join(root, 'etc/pipe')])
  writeFileSync(join(root, 'etc/binary'), Buffer.from([0xff, 0xfe, 0x00]))
  writeFileSync(join(root, 'etc/large'), Buffer.alloc(8 * 1024 * 1024 + 1))
  writeFileSync(join(root, 'etc/small'), 'abc')
  const files = new RootFiles(root, 5)
  expect(files.read('/etc/pipe')).toMatchObject({ type: 'other' })
  expect(files.read('/etc/pipe')?.text).toBeUndefined()
  expect(files.read('/etc/binary')).toMatchObject({ unreadable: 'not UTF-8', sizeBytes: 3 })
  expect(files.read('/etc/large')?.unreadable).toBe('larger than 8 MiB')
  expect(files.read('/etc/small')?.unreadable).toBe('beyond what is read of all files together')
})

test.runIf(process.geteuid?.() === 0)('what another user may not read is told, and not taken for missing', async () => {
  const { root, files } = await machine()
  chmodSync(join(root, '..'), 0o755)
  mkdirSync(join(root, 'closed'), { mode: 0o700 })
  writeFileSync(join(root, 'closed/a'), 'a')
  writeFileSync(join(root, 'secret'), 'a', { mode: 0o600 })
  process.seteuid?.(65_534)
  try {
    expect(files.read('/secret')?.unreadable).toBe('permission denied')
    expect(files.read('/closed/a')?.unreadable).toBe('permission denied')
    expect(files.list('/closed')).toMatchObject({ path: '/closed', type: 'directory', unreadable: 'permission denied' })
  } finally {
    process.seteuid?.(0)
  }
})

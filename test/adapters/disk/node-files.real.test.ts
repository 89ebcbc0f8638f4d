import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNodeFiles } from '../../../src/adapters/disk/node-files.ts'
import type { ObservedFile } from '../../../src/domain/observation.ts'
import { fairleadPaths, k3sPaths } from '../../../src/k3s/locations.ts'
import type { NodeFilesPort } from '../../../src/ports/node-files-port.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { failureCode } from './failing-with.ts'
import { recordingLog } from './recording-log.ts'

const traefik = `${k3sPaths.manifests}/traefik.yaml`
const never = new AbortController().signal
let root: string
let log: ReturnType<typeof recordingLog>
let files: NodeFilesPort

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'node-files-'))
  log = recordingLog()
  files = openNodeFiles({ root, log })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Writes over whatever is there now. */
async function write(path: string, text: string, stillWanted?: () => Promise<boolean>): Promise<boolean> {
  return await files.writeFile(path, text, await files.observeFile(path), stillWanted)
}

/** What is there now, which has to be something. */
async function seenAt(path: string): Promise<ObservedFile> {
  const file = await files.observeFile(path)
  if (file === undefined) throw new Error(`nothing is at ${path}`)
  return file
}

/** An observation that was not made by this adapter: it has to hold by what it says. */
function told(path: string, text: string): ObservedFile {
  const sizeBytes = Buffer.byteLength(text)
  return { path, type: 'file', mode: 0o600, ownerUid: 0, modifiedAtMs: 0, sizeBytes, text, digest: sha256Hex(text) }
}

function put(path: string, content: string | Buffer, mode = 0o600): void {
  mkdirSync(dirname(root + path), { recursive: true, mode: 0o700 })
  writeFileSync(root + path, content, { mode })
}

describe('writing', () => {
  test('a file is whole, 0600, in directories of 0700, without anything beside it', async () => {
    expect(await write(traefik, 'a: 1\n')).toBe(true)
    expect(readFileSync(root + traefik, 'utf8')).toBe('a: 1\n')
    expect(lstatSync(root + traefik).mode & 0o777).toBe(0o600)
    expect(lstatSync(dirname(root + traefik)).mode & 0o777).toBe(0o700)
    expect(readdirSync(dirname(root + traefik))).toEqual(['traefik.yaml'])
  })

  test('a widened mode is narrowed again', async () => {
    put(traefik, 'a: 1\n')
    chmodSync(root + traefik, 0o666)
    await write(traefik, 'a: 1\n')
    expect(lstatSync(root + traefik).mode & 0o777).toBe(0o600)
  })

  test('other names of the same file keep the old content', async () => {
    put(traefik, 'old')
    linkSync(root + traefik, join(root, 'other-name'))
    await write(traefik, 'new')
    expect(readFileSync(join(root, 'other-name'), 'utf8')).toBe('old')
  })

  test('one that is no longer wanted right before the rename changes nothing', async () => {
    put(traefik, 'old')
    let askedWith: string[] = []
    const written = await write(traefik, 'new', async () => {
      askedWith = readdirSync(root + k3sPaths.manifests)
      return false
    })
    expect(written).toBe(false)
    expect(askedWith, 'it was asked when all was prepared').toHaveLength(2)
    expect(readFileSync(root + traefik, 'utf8')).toBe('old')
    expect(readdirSync(root + k3sPaths.manifests)).toEqual(['traefik.yaml'])
  })

  test('a directory that takes the place at the last moment is refused and nothing is left over', async () => {
    const code = await failureCode(() =>
      write(traefik, 'new', async () => {
        mkdirSync(root + traefik)
        return true
      }),
    )
    expect(code).toBe('PATH_OCCUPIED')
    expect(readdirSync(root + k3sPaths.manifests)).toEqual(['traefik.yaml'])
  })

  test('paths off the allow-list are refused before the disk is touched', async () => {
    for (const path of [
      '/etc/passwd',
      `${k3sPaths.manifests}/../../../../../../etc/passwd`,
      `${k3sPaths.manifests}/a/../b.yaml`,
      `${k3sPaths.manifests}//b.yaml`,
      `${k3sPaths.manifests}/.hidden.yaml`,
      `${k3sPaths.manifests}/a\0.yaml`,
      k3sPaths.manifests,
      `${k3sPaths.configDropIns}/99-mine.yaml`,
    ]) {
      expect(await failureCode(() => files.writeFile(path, 'x', undefined)), path).toBe('PATH_REFUSED')
      expect(await failureCode(() => files.removeFile(path, told(path, 'x'))), path).toBe('PATH_REFUSED')
    }
    expect(readdirSync(root)).toEqual([])
  })

  test('removing unlinks one file, and a missing one or a missing directory is fine', async () => {
    await files.removeFile(traefik, told(traefik, 'x'))
    put(traefik, 'x')
    const before = await seenAt(traefik)
    await files.removeFile(traefik, before)
    await files.removeFile(traefik, before)
    expect(existsSync(root + traefik)).toBe(false)
    mkdirSync(root + traefik)
    expect(await failureCode(() => files.removeFile(traefik, before))).toBe('PATH_OCCUPIED')
  })

  test('only our own leftovers are cleaned up', async () => {
    const ours = '.fairlead-0123456789abcdef.tmp'
    put(`${k3sPaths.manifests}/sub/${ours}`, 'half')
    put(`${k3sPaths.configDropIns}/${ours}`, 'half')
    put(`${k3sPaths.manifests}/.fairlead-short.tmp`, 'foreign')
    put(`${k3sPaths.manifests}/x.fairlead-0123456789abcdef.tmp`, 'foreign')
    mkdirSync(`${root}${k3sPaths.manifests}/${ours}`)
    expect(await files.removeLeftovers()).toBe(2)
    expect(readdirSync(root + k3sPaths.manifests).sort()).toEqual([
      ours,
      '.fairlead-short.tmp',
      'sub',
      'x.fairlead-0123456789abcdef.tmp',
    ])
  })
})

describe('symlinks', () => {
  test('in the place of the file are refused, and their target is untouched', async () => {
    writeFileSync(join(root, 'victim'), 'secret')
    mkdirSync(root + k3sPaths.manifests, { recursive: true })
    symlinkSync(join(root, 'victim'), root + traefik)
    expect(await failureCode(() => write(traefik, 'x'))).toBe('PATH_OCCUPIED')
    expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('secret')
    const seen = await files.observeFile(traefik)
    expect([seen?.type, seen?.text, seen?.digest]).toEqual(['symlink', undefined, undefined])
  })

  test('below the manifests directory, or in its place, are not followed by any call', async () => {
    mkdirSync(join(root, 'elsewhere'))
    writeFileSync(join(root, 'elsewhere/a.yaml'), 'secret')
    mkdirSync(root + k3sPaths.manifests, { recursive: true })
    symlinkSync(join(root, 'elsewhere'), `${root}${k3sPaths.manifests}/sub`)
    const path = `${k3sPaths.manifests}/sub/a.yaml`
    expect(await failureCode(() => files.writeFile(path, 'x', undefined))).toBe('SYMLINK_ON_PATH')
    expect(await failureCode(() => files.removeFile(path, told(path, 'x')))).toBe('SYMLINK_ON_PATH')
    expect(await failureCode(() => files.observeFile(path))).toBe('SYMLINK_ON_PATH')
    const { files: seen } = await files.observe([], never)
    expect([...seen.values()].map(({ path: at, type }) => [basename(at), type])).toEqual([['sub', 'symlink']])

    rmSync(root + k3sPaths.manifests, { recursive: true })
    symlinkSync(join(root, 'elsewhere'), root + k3sPaths.manifests)
    expect(await failureCode(() => files.writeFile(traefik, 'x', undefined))).toBe('SYMLINK_ON_PATH')
    const { refusals } = await files.observe([], never)
    expect(refusals.map(({ directory, failure }) => [directory, failure.detail.code])).toEqual([
      [k3sPaths.manifests, 'SYMLINK_ON_PATH'],
    ])
    expect(readdirSync(join(root, 'elsewhere'))).toEqual(['a.yaml'])
  })

  test('above it, made by root, are where people put their data disk: they are resolved inside the root', async () => {
    mkdirSync(join(root, 'data/rancher'), { recursive: true, mode: 0o755 })
    mkdirSync(join(root, 'var/lib'), { recursive: true, mode: 0o755 })
    symlinkSync('/data/rancher', join(root, 'var/lib/rancher'))
    await write(traefik, 'x')
    expect(readFileSync(join(root, 'data/rancher/k3s/server/manifests/traefik.yaml'), 'utf8')).toBe('x')
    expect((await files.observe([], never)).files.get(traefik)?.text).toBe('x')
    rmSync(join(root, 'var/lib/rancher'))
    symlinkSync('../../../../../../../../data/rancher', join(root, 'var/lib/rancher'))
    expect((await files.observeFile(traefik))?.text, 'the root has nothing above it').toBe('x')
  })

  test('above it, where others may write, are refused; so is a loop', async () => {
    mkdirSync(join(root, 'data'), { recursive: true })
    mkdirSync(join(root, 'var/lib'), { recursive: true })
    chmodSync(join(root, 'var/lib'), 0o777)
    symlinkSync('/data', join(root, 'var/lib/rancher'))
    expect(await failureCode(() => files.writeFile(traefik, 'x', undefined))).toBe('SYMLINK_ON_PATH')
    chmodSync(join(root, 'var/lib'), 0o755)
    rmSync(join(root, 'var/lib/rancher'))
    symlinkSync('/var/lib/rancher', join(root, 'var/lib/rancher'))
    expect(await failureCode(() => files.writeFile(traefik, 'x', undefined))).toBe('SYMLINK_ON_PATH')
  })

  test.skipIf(process.platform !== 'linux')(
    'put in the place of a directory half way do not redirect a write',
    async () => {
      mkdirSync(join(root, 'elsewhere'))
      const sub = `${root}${k3sPaths.manifests}/sub`
      mkdirSync(sub, { recursive: true })
      await write(`${k3sPaths.manifests}/sub/a.yaml`, 'x', async () => {
        renameSync(sub, `${sub}.moved`)
        symlinkSync(join(root, 'elsewhere'), sub)
        return true
      })
      expect(readdirSync(join(root, 'elsewhere')), 'nothing was written through the symlink').toEqual([])
      expect(readdirSync(`${sub}.moved`)).toEqual(['a.yaml'])
    },
  )
})

describe('observing', () => {
  test('an empty machine has no files; a missing root is said', async () => {
    expect((await files.observe([], never)).files.size).toBe(0)
    expect(await files.observeFile(traefik)).toBeUndefined()
    const nowhere = openNodeFiles({ root: join(root, 'nowhere'), log })
    expect(await failureCode(() => nowhere.observe([], never))).toBe('ROOT_MISSING')
  })

  test('manifests are seen at any depth, other places flat, our own siblings not at all', async () => {
    put(traefik, 'a: 1\n')
    put(`${k3sPaths.manifests}/.git/deep/b c.yaml`, 'b')
    put(`${k3sPaths.configDropIns}/10-mine.yaml`, 'c')
    put(`${k3sPaths.configDropIns}/sub/d.yaml`, 'd')
    put(`${fairleadPaths.staged}${k3sPaths.managedDropIn}`, 'e')
    put(`${k3sPaths.manifests}/.fairlead-0123456789abcdef.tmp`, 'half')
    const seen = (await files.observe([], never)).files
    expect([...seen.keys()].sort()).toEqual(
      [
        `${k3sPaths.configDropIns}/10-mine.yaml`,
        `${k3sPaths.configDropIns}/sub`,
        `${fairleadPaths.staged}${k3sPaths.managedDropIn}`,
        `${k3sPaths.manifests}/.git`,
        `${k3sPaths.manifests}/.git/deep`,
        `${k3sPaths.manifests}/.git/deep/b c.yaml`,
        traefik,
      ].sort(),
    )
    expect(seen.get(traefik)).toMatchObject({
      type: 'file',
      mode: 0o600,
      sizeBytes: 5,
      text: 'a: 1\n',
      digest: sha256Hex('a: 1\n'),
      ownerUid: process.geteuid?.(),
    })
  })

  test('a pipe is never opened, and a device or socket is only named', async () => {
    mkdirSync(root + k3sPaths.manifests, { recursive: true })
    execFileSync('mkfifo', [`${root}${k3sPaths.manifests}/pipe.yaml`])
    const seen = await files.observe([], never)
    expect(seen.files.get(`${k3sPaths.manifests}/pipe.yaml`)?.type).toBe('other')
  })

  test('large, binary and broken files have a digest and a reason instead of text', async () => {
    const large = Buffer.alloc(50 * 1024 * 1024, 'x')
    put(`${k3sPaths.manifests}/large.yaml`, large)
    put(`${k3sPaths.manifests}/binary.yaml`, Buffer.from([0x61, 0xff, 0xfe]))
    put(`${k3sPaths.manifests}/nul.yaml`, 'a\0b')
    put(`${k3sPaths.manifests}/huge.yaml`, '')
    truncateSync(`${root}${k3sPaths.manifests}/huge.yaml`, 65 * 1024 * 1024)
    const seen = (await files.observe([], never)).files
    const toldOf = (name: string) => {
      const file = seen.get(`${k3sPaths.manifests}/${name}`)
      return [file?.digest, file?.text, file?.unreadable]
    }
    expect(toldOf('large.yaml')).toEqual([sha256Hex(large), undefined, 'larger than 8 MiB'])
    expect(toldOf('binary.yaml')).toEqual([sha256Hex(Buffer.from([0x61, 0xff, 0xfe])), undefined, 'not UTF-8'])
    expect(toldOf('nul.yaml')).toEqual([sha256Hex('a\0b'), 'a\0b', undefined])
    expect(toldOf('huge.yaml')).toEqual([undefined, undefined, 'larger than 64 MiB'])
  })

  test('texts together stay within their bound, the small ones first, and come back when there is room', async () => {
    put(traefik, 'small')
    const big = Buffer.alloc(8 * 1024 * 1024, 'x')
    for (let number = 0; number < 9; number += 1) put(`${k3sPaths.manifests}/a${number}.yaml`, big)
    const seen = (await files.observe([], never)).files
    expect(seen.get(traefik)?.text).toBe('small')
    expect([...seen.values()].filter(({ text }) => text !== undefined)).toHaveLength(8)
    expect(seen.get(`${k3sPaths.manifests}/a8.yaml`)).toMatchObject({
      digest: sha256Hex(big),
      unreadable: 'beyond 64 MiB of text in all files together',
    })
    rmSync(`${root}${k3sPaths.manifests}/a0.yaml`)
    rmSync(`${root}${k3sPaths.manifests}/a1.yaml`)
    const after = (await files.observe([], never)).files
    expect(after.get(`${k3sPaths.manifests}/a8.yaml`)?.text).toHaveLength(big.length)
  })

  test('an edit that keeps size and mtime is seen', async () => {
    put(traefik, 'a: 1\n')
    const then = new Date(Date.now() - 3_600_000)
    utimesSync(root + traefik, then, then)
    expect((await files.observeFile(traefik))?.text).toBe('a: 1\n')
    writeFileSync(root + traefik, 'a: 2\n')
    utimesSync(root + traefik, then, then)
    expect((await files.observe([], never)).files.get(traefik)?.text).toBe('a: 2\n')
  })

  test('files that come and go during the pass do not fail it', async () => {
    for (let number = 0; number < 50; number += 1) put(`${k3sPaths.manifests}/sub/f${number}.yaml`, 'x')
    const script = `
      const fs = require('node:fs'), at = ${JSON.stringify(`${root}${k3sPaths.manifests}/sub`)}
      console.log('going')
      for (let n = 0; ; n++) {
        fs.rmSync(at, { recursive: true, force: true }); fs.mkdirSync(at)
        for (let i = 0; i < 50; i++) fs.writeFileSync(at + '/f' + i + '.yaml', 'x' + n)
      }`
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      if (child.stdout !== null) await once(child.stdout, 'data')
      for (let pass = 0; pass < 30; pass += 1) {
        for (const file of (await files.observe([], never)).files.values()) {
          if (file.text !== undefined) expect(file.digest).toBe(sha256Hex(file.text))
        }
      }
    } finally {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
  })

  test('beyond ten thousand entries it is warned once, and what was known before is still seen', async () => {
    put(`${k3sPaths.manifests}/zz-known.yaml`, 'x')
    await files.observe([], never)
    // Symlinks, because they are quickly made and never read.
    for (let number = 0; number < 10_050; number += 1) symlinkSync('x', `${root}${k3sPaths.manifests}/f${number}`)
    const seen = (await files.observe([], never)).files
    expect(seen.size).toBe(10_000)
    expect(seen.has(`${k3sPaths.manifests}/zz-known.yaml`)).toBe(true)
    await files.observe([], never)
    expect(log.entries.map(({ fields }) => fields['code'])).toEqual(['TOO_MANY_ENTRIES'])
  })

  test('an aborted pass ends', async () => {
    put(traefik, 'x')
    await expect(files.observe([], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})

describe('quarantine', () => {
  const drop = `${k3sPaths.manifests}/my drop.yaml`

  test('moves the file aside under its digest, and never over another', async () => {
    put(drop, 'bad')
    const at = await files.quarantineFile(drop, await seenAt(drop))
    expect(at).toBe(`${fairleadPaths.quarantine}/${sha256Hex('bad').slice(0, 12)}-my drop.yaml`)
    expect(readFileSync(root + at, 'utf8')).toBe('bad')
    expect(existsSync(root + drop)).toBe(false)
    put(drop, 'bad')
    const second = await files.quarantineFile(drop, await seenAt(drop))
    expect(second).toBe(`${at}-2`)
    expect(readdirSync(root + fairleadPaths.quarantine)).toHaveLength(2)
  })

  test('finishes a move that was killed half way', async () => {
    put(drop, 'bad')
    const at = await files.quarantineFile(drop, await seenAt(drop))
    linkSync(root + at, root + drop)
    expect(await files.quarantineFile(drop, await seenAt(drop))).toBe(at)
    expect(existsSync(root + drop)).toBe(false)
    expect(readdirSync(root + fairleadPaths.quarantine)).toHaveLength(1)
  })

  test('leaves a file alone that is no longer what was judged', async () => {
    put(drop, 'good now')
    expect(await failureCode(() => files.quarantineFile(drop, told(drop, 'bad')))).toBe('FILE_CHANGED')
    expect(readFileSync(root + drop, 'utf8')).toBe('good now')
    rmSync(root + drop)
    expect(await failureCode(() => files.quarantineFile(drop, told(drop, 'bad')))).toBe('FILE_CHANGED')
  })

  test('of a file that is too large to have a digest goes by its size and time', async () => {
    put(drop, '')
    truncateSync(root + drop, 65 * 1024 * 1024)
    const { digest, ...before } = await seenAt(drop)
    expect(digest).toBeUndefined()
    expect(await failureCode(() => files.quarantineFile(drop, { ...before, modifiedAtMs: 1 }))).toBe('FILE_CHANGED')
    expect(await failureCode(() => files.quarantineFile(drop, { ...before, sizeBytes: 1 }))).toBe('FILE_CHANGED')
    const at = await files.quarantineFile(drop, { ...before })
    expect(at).toBe(`${fairleadPaths.quarantine}/undigested-${65 * 1024 * 1024}-my drop.yaml`)
    expect(lstatSync(root + at).size).toBe(65 * 1024 * 1024)
    expect(existsSync(root + drop)).toBe(false)
  })

  test('takes no symlink and no pipe', async () => {
    mkdirSync(root + k3sPaths.manifests, { recursive: true })
    symlinkSync('/etc/passwd', root + drop)
    const link = await seenAt(drop)
    expect(await failureCode(() => files.quarantineFile(drop, link))).toBe('NOT_A_FILE')
    expect(await failureCode(() => files.quarantineFile(drop, told(drop, 'bad')))).toBe('FILE_CHANGED')
    rmSync(root + drop)
    execFileSync('mkfifo', [root + drop])
    const pipe = await seenAt(drop)
    expect(await failureCode(() => files.quarantineFile(drop, pipe))).toBe('NOT_A_FILE')
    expect(existsSync(root + drop)).toBe(true)
  })
})

describe('the writer', () => {
  test('is the process that has the file open for writing', async () => {
    mkdirSync(root + k3sPaths.manifests, { recursive: true })
    const script = `require('node:fs').openSync(process.argv[1], 'a'); console.log('open'); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['-e', script, root + traefik], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      if (child.stdout !== null) await once(child.stdout, 'data')
      expect(await files.describeWriter(traefik)).toMatch(new RegExp(`^process ${child.pid} \\(.+\\)$`))
    } finally {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
  })

  test('is the owner when nobody has it open, by the accounts of that machine', async () => {
    put(traefik, 'x')
    put('/etc/passwd', `captain:x:${process.geteuid?.()}:0::/:/bin/sh\n`)
    expect(await files.describeWriter(traefik)).toBe(`uid ${process.geteuid?.()} (captain)`)
    expect(await files.describeWriter(`${k3sPaths.manifests}/gone.yaml`)).toBe('unknown')
  })
})

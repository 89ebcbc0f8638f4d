import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const release = 'bookworm'
const mirror = 'http://deb.debian.org/debian'

/** Same contents as the image `debian:12-slim`, less its trimmed documentation. */
export interface CleanRoot {
  readonly path: string
}

export interface RunResult {
  readonly exitCode: number
  readonly output: string
}

/** Why a clean root cannot be made on this machine; undefined when it can. */
export function cleanRootObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, for chroot'
  const missing = ['debootstrap', 'dpkg', 'chroot', 'unshare', 'tar'].filter((tool) => placeOf(tool) === undefined)
  if (missing.length > 0) return `needs ${missing.join(', ')}`
  const tried = spawnSync(program('unshare'), ['--mount', '--pid', '--net', '--fork', '--mount-proc', 'true'])
  return tried.status === 0 ? undefined : 'needs mount and pid namespaces'
}

/**
 * Debian's base system as a tarball, made once.
 * @returns undefined when the mirror cannot be reached
 */
export function baseTarball(cacheDirectory: string): string | undefined {
  const architecture = execFileSync(program('dpkg'), ['--print-architecture'], { encoding: 'utf8' }).trim()
  const tarball = join(cacheDirectory, `debootstrap-${release}-${architecture}.tar`)
  if (existsSync(tarball)) return tarball
  mkdirSync(cacheDirectory, { recursive: true })
  const root = mkdtempSync(join(tmpdir(), 'fairlead-debootstrap-'))
  try {
    const made = spawnSync(program('debootstrap'), ['--variant=minbase', release, root, mirror], { encoding: 'utf8' })
    if (made.status !== 0) return undefined
    const partial = `${tarball}.${process.pid}`
    execFileSync(program('tar'), ['-cf', partial, '-C', root, '--exclude=./var/cache/apt/archives/*.deb', '.'])
    renameSync(partial, tarball)
    return tarball
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

export function unpackRoot(tarball: string, path: string): CleanRoot {
  mkdirSync(path, { recursive: true })
  execFileSync(program('tar'), ['-xf', tarball, '-C', path])
  copyFileSync('/etc/resolv.conf', join(path, 'etc/resolv.conf'))
  return { path }
}

interface RunOptions {
  /** `uid:gid` */
  readonly user?: string
  readonly directory?: string
  readonly environment?: Record<string, string>
  /** Nothing of this machine can be reached, not even what listens on loopback. */
  readonly withoutNetwork?: boolean
}

/** Runs a program inside a root, alone in its own process namespace, so that nothing of it survives. */
export function runInRoot(root: CleanRoot, argv: readonly string[], options: RunOptions = {}): RunResult {
  const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...options.environment }
  const network = options.withoutNetwork === true ? ['--net'] : []
  const namespace = ['--mount', '--pid', ...network, '--fork', '--kill-child', `--mount-proc=${root.path}/proc`]
  const chroot = ['chroot', `--userspec=${options.user ?? '0:0'}`, root.path]
  const directory = ['/usr/bin/env', '-i', '-C', options.directory ?? '/', ...assignments(environment)]
  const ran = spawnSync(program('unshare'), [...namespace, ...chroot, ...directory, ...argv], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 600_000,
  })
  return { exitCode: ran.status ?? -1, output: `${ran.stdout}${ran.stderr}` }
}

function assignments(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`)
}

function program(tool: string): string {
  const place = placeOf(tool)
  if (place === undefined) throw new Error(`${tool} is gone`)
  return place
}

/** Absolute: what a name means must not hang on the caller's path. */
function placeOf(tool: string): string | undefined {
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].map((directory) => join(directory, tool)).find(existsSync)
}

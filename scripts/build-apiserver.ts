/**
 * Builds the kube-apiserver that `npm run test:cluster` runs against, once, from Debian's own source package.
 *
 * It is kept below `FAIRLEAD_CACHE` (else `XDG_CACHE_HOME/fairlead`, else `~/.cache/fairlead`) as one file; everything
 * else that the build made is removed. Ends with 0 when it is there, with 1 when the build failed, and with 77 when this
 * machine cannot tell.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

const release = 'bookworm'
const mirror = 'http://deb.debian.org/debian'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const sourceVersion = '1.20.5+really1.20.2-1.1+deb12u1'
const kubernetesVersion = '1.20.2'
/** Of the package golang-github-modern-go-reflect2-dev: with the vendored 1.0.1, Go 1.18 or newer ends the server at the
 * first custom resource that is written. */
const newerReflect2 = '/usr/share/gocode/src/github.com/modern-go/reflect2'
const tools = ['apt-get', 'dpkg-source', 'go', 'make', 'rsync', 'jq', 'nice']
const unableToTell = 77

/** Where the built server is, or would be. */
export function cachedApiServer(environment: Environment): string {
  return join(cacheDirectory(environment), `kube-apiserver-${kubernetesVersion}-${process.arch}`)
}

function cacheDirectory(environment: Environment): string {
  const own = environment['FAIRLEAD_CACHE'] ?? ''
  if (own !== '') return own
  const shared = environment['XDG_CACHE_HOME'] ?? ''
  return join(shared === '' ? join(homedir(), '.cache') : shared, 'fairlead')
}

function main(environment: Environment): number {
  const binary = cachedApiServer(environment)
  if (existsSync(binary)) {
    console.log(binary)
    return 0
  }
  const obstacle = obstacleToBuild()
  if (obstacle !== undefined) return skip(obstacle)
  mkdirSync(dirname(binary), { recursive: true })
  const scratch = mkdtempSync(join(dirname(binary), 'build-'))
  try {
    const goPath = join(scratch, 'go')
    const tree = join(goPath, 'src/k8s.io/kubernetes')
    mkdirSync(dirname(tree), { recursive: true })
    const description = fetchSource(scratch)
    if (description === undefined) return skip('the Debian mirror could not be reached')
    // The digests of the archive's signed index were checked by apt-get.
    if (!run('dpkg-source', ['--no-check', '-x', description, tree], scratch)) return fail('dpkg-source')
    const vendored = join(tree, 'vendor/github.com/modern-go/reflect2')
    rmSync(vendored, { recursive: true })
    cpSync(newerReflect2, vendored, { recursive: true, dereference: true })
    const variables = { GOPATH: goPath, GOCACHE: join(scratch, 'go-cache'), GO111MODULE: 'off', CGO_ENABLED: '0' }
    if (!run('nice', ['-n', '19', 'make', 'WHAT=cmd/kube-apiserver'], tree, variables)) return fail('make')
    keep(join(tree, '_output/bin/kube-apiserver'), binary)
    console.log(binary)
    return 0
  } finally {
    // The module cache of Go is made read-only.
    run('chmod', ['-R', 'u+w', scratch], dirname(scratch))
    rmSync(scratch, { recursive: true, force: true })
  }
}

function obstacleToBuild(): string | undefined {
  const missing = tools.filter((tool) => !isOnPath(tool))
  if (missing.length > 0) return `needs ${missing.join(', ')}`
  if (!existsSync(newerReflect2)) return 'needs the package golang-github-modern-go-reflect2-dev'
  return existsSync(keyring) ? undefined : `needs ${keyring}`
}

function isOnPath(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, tool)))
}

/**
 * Downloads the source package with lists of its own: what this machine has configured for apt stays as it is.
 * @returns the path of its `.dsc`
 */
function fetchSource(scratch: string): string | undefined {
  const lists = join(scratch, 'lists')
  mkdirSync(join(lists, 'partial'), { recursive: true })
  const sources = join(scratch, 'debian.sources')
  const deb822 = [
    'Types: deb-src',
    `URIs: ${mirror}`,
    `Suites: ${release}`,
    'Components: main',
    `Signed-By: ${keyring}`,
  ]
  writeFileSync(sources, `${deb822.join('\n')}\n`)
  const options = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': lists,
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    // Its own user cannot write below the home directory of another.
    'APT::Sandbox::User': 'root',
  }
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  if (!run('apt-get', [...flags, '-qq', 'update'], scratch)) return undefined
  const wanted = ['source', '--download-only', `kubernetes=${sourceVersion}`]
  if (!run('apt-get', [...flags, '-qq', ...wanted], scratch)) return undefined
  const name = readdirSync(scratch).find((file) => file.endsWith('.dsc'))
  return name === undefined ? undefined : join(scratch, name)
}

/** What a tool says goes to stderr as it comes, so that a build of ten minutes can be watched. */
function run(
  tool: string,
  argv: readonly string[],
  directory: string,
  variables: Record<string, string> = {},
): boolean {
  const environment = { ...process.env, ...variables }
  const ran = spawnSync(tool, argv, { cwd: directory, env: environment, stdio: ['ignore', 2, 2] })
  return ran.status === 0
}

/** Copied beside and renamed: a build that is interrupted leaves no half of a server. */
function keep(built: string, binary: string): void {
  if (!readFileSync(built).subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')))
    throw new Error('no program was built')
  const partial = `${binary}.${process.pid}`
  copyFileSync(built, partial)
  chmodSync(partial, 0o755)
  renameSync(partial, binary)
}

function skip(reason: string): number {
  console.error(`SKIPPED: kube-apiserver ${kubernetesVersion} is not built: ${reason}`)
  return unableToTell
}

function fail(step: string): number {
  console.error(`kube-apiserver ${kubernetesVersion} could not be built: ${step} failed, and says why above`)
  return 1
}

if (import.meta.main) process.exitCode = main(process.env)

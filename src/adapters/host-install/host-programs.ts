import { readdirSync, readlinkSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Failure } from '../../domain/failure.ts'
import type { HostProgramsPort, HostRelease, HostServicesPort } from '../../ports/host-agent-port.ts'
import { linkDurably, makeDirectory, sweep, syncDirectory, textOf, unfinished } from './durable.ts'
import { hostFailure } from './host-failure.ts'
import { hostPath, statOf } from './host-path.ts'
import { onDisk } from './on-disk.ts'
import { hasOpenChange } from './open-change.ts'
import { copyFiles, digestOf, releaseFiles } from './release-files.ts'

/** What units and scripts name; a link into the directory beside it. */
const program = '/opt/fairlead'
const releasesDirectory = '/opt/fairlead-releases'
const releaseName = /^[A-Za-z0-9][A-Za-z0-9.+-]{0,63}-[0-9a-f]{12}$/
const serviceDirectories = { systemd: 'deploy/systemd', openrc: 'deploy/openrc' } as const
/** Those of them that an agent needs. */
const serviceNames = {
  systemd: ['fairlead-agent.service', 'fairlead-boot.service'],
  openrc: ['fairlead-agent', 'fairlead-boot'],
} as const

export interface HostProgramsSettings {
  /** The host's `/`, absolute. */
  readonly root: string
  /** The installation that is copied: directory of `package.json`. */
  readonly source: string
  readonly version: string
}

/** The programs of Fairlead on the host whose `/` is mounted at `root`. */
export function openHostPrograms({ root, source, version }: HostProgramsSettings): HostProgramsPort {
  const link = (): string => hostPath(root, program)
  const releases = (): string => hostPath(root, `${releasesDirectory}/.`)
  const namesThere = (): readonly string[] => (statOf(releases()) === undefined ? [] : readdirSync(releases()))
  const current = (): HostRelease | undefined => {
    const stats = statOf(link())
    if (stats === undefined) return undefined
    const target = stats.isSymbolicLink() ? readlinkSync(link()) : ''
    const [, name] = /^fairlead-releases\/([^/]+)$/.exec(target) ?? []
    if (name !== undefined && releaseName.test(name)) return name
    throw hostFailure(
      'HOST_PLACE_TAKEN',
      `${program} of this host was put there by hand`,
      program,
      `stop its services, move it away (mv ${program} ${program}-by-hand), and this is tried again`,
    )
  }
  const copy = (): HostRelease => {
    current()
    const files = releaseFiles(source)
    if (!files.some(({ path }) => path === 'bin/node')) throw sourceIncomplete(source)
    const release = `${version}-${digestOf(source, files).slice(0, 12)}`
    makeDirectory(releases())
    sweep(releases())
    sweep(dirname(link()))
    if (namesThere().includes(release)) return release
    const sibling = join(releases(), `${unfinished}${release}`)
    copyFiles(source, sibling, files)
    renameSync(sibling, join(releases(), release))
    syncDirectory(releases())
    return release
  }
  const removeReleases = (isKept: (release: HostRelease) => boolean): void => {
    sweep(releases())
    for (const name of namesThere()) if (releaseName.test(name) && !isKept(name)) removeTree(releases(), name)
  }
  return {
    current: () => onDisk(current),
    running: () => runningRelease(root),
    copy: () => onDisk(copy),
    use: (release) =>
      onDisk(() => {
        if (current() !== release) linkDurably(link(), `fairlead-releases/${release}`)
      }),
    command: (release) => [
      `${releasesDirectory}/${release}/bin/node`,
      `${releasesDirectory}/${release}/bin/fairlead.cjs`,
    ],
    services: (release, kind) => servicesOf(join(releases(), release), kind),
    keepOnly: (kept) => onDisk(() => removeReleases((release) => kept.includes(release))),
    remove: () =>
      onDisk(() => {
        if (current() !== undefined) rmSync(link())
        if (statOf(releases()) === undefined) return
        removeReleases(() => false)
        if (namesThere().length === 0) rmdirSync(releases())
        syncDirectory(dirname(link()))
      }),
    hasOpenChange: () => hasOpenChange(hostPath(root, '/var/lib/fairlead/checkpoint')),
  }
}

function sourceIncomplete(source: string): Failure {
  return hostFailure(
    'HOST_SOURCE_INCOMPLETE',
    'this installation has no Node of its own to give to a host',
    join(source, 'bin/node'),
    'run it in the image, which has all of it',
    { retry: 'never' },
  )
}

/** First it loses its name, so that half of a release never bears one. */
function removeTree(directory: string, name: string): void {
  const condemned = join(directory, `${unfinished}${name}`)
  rmSync(condemned, { recursive: true, force: true })
  renameSync(join(directory, name), condemned)
  rmSync(condemned, { recursive: true, force: true })
}

function servicesOf(directory: string, kind: HostServicesPort['kind']): ReadonlyMap<string, string> {
  return new Map(
    serviceNames[kind].map((name) => {
      const path = join(directory, serviceDirectories[kind], name)
      const text = textOf(path)
      if (text === undefined) throw new Error(`${path} is missing from this installation`)
      return [name, text]
    }),
  )
}

/** By the program of the process, which stays what it was when the link moves on. */
function runningRelease(root: string): HostRelease | undefined {
  const processes = join(root, 'proc')
  if (statOf(processes) === undefined) return undefined
  for (const pid of readdirSync(processes)) {
    if (!/^[0-9]+$/.test(pid)) continue
    const release = releaseOfProcess(join(processes, pid))
    if (release !== undefined) return release
  }
  return undefined
}

function releaseOfProcess(directory: string): HostRelease | undefined {
  try {
    const [, release] = /\/fairlead-releases\/([^/]+)\/bin\/node(?: \(deleted\))?$/.exec(
      readlinkSync(join(directory, 'exe')),
    ) ?? ['', undefined]
    if (release === undefined) return undefined
    const [, file, verb] = (textOf(join(directory, 'cmdline')) ?? '').split('\0')
    return file?.endsWith('/bin/fairlead.cjs') === true && verb === 'agent' ? release : undefined
  } catch {
    // It ended meanwhile, or is a process of the kernel.
    return undefined
  }
}

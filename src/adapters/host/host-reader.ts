import { readFileSync, statSync } from 'node:fs'
import { hostname, release } from 'node:os'
import { resolve } from 'node:path'
import { Failure } from '../../domain/failure.ts'
import type { HostNetwork, HostReading, RunningK3s } from '../../domain/host.ts'
import type { ObservedFile } from '../../domain/observation.ts'
import type { FindPlaces, HostReaderPort } from '../../ports/host-reader-port.ts'
import { readConfigFiles, textsOf } from './config-files.ts'
import { readFirewall } from './firewall.ts'
import { type RunCommand, runHostCommand } from './host-command.ts'
import { askVersion, findBinary, findCommands } from './installed.ts'
import { parseDefaultRoutes, parseInterfaces } from './ip-output.ts'
import { readListeners } from './listeners.ts'
import { readMachineFiles } from './machine-files.ts'
import { RootFiles } from './root-files.ts'
import { findRunningK3s, runningPrograms } from './running-k3s.ts'
import { readSysctls } from './sysctls.ts'

export interface HostReaderOptions {
  /** Absolute. Another root than `/` is a disk or an image: it has files, and no process or kernel of its own. */
  readonly root: string
  readonly findPlaces: FindPlaces
  /** For tests: where proc is mounted, and how commands are run. */
  readonly proc?: string
  readonly run?: RunCommand
}

/** Reads a K3s machine, and changes nothing on it. */
export function openHostReader(options: HostReaderOptions): HostReaderPort {
  const root = resolve(options.root)
  const base = root === '/' ? '' : root
  return {
    async readConfigFiles(signal) {
      signal.throwIfAborted()
      requireDirectory(root)
      return readConfigFiles(new RootFiles(base), options.findPlaces, undefined)
    },
    async read(signal) {
      signal.throwIfAborted()
      requireDirectory(root)
      const rootFiles = new RootFiles(base)
      const running = root === '/' ? findRunningK3s(options.proc ?? '/proc') : undefined
      const config = readConfigFiles(rootFiles, options.findPlaces, running)
      const { dataDirectory, namedFiles } = options.findPlaces(textsOf(config), running)
      const files = new Map([...config, ...readMachineFiles(rootFiles, [dataDirectory], namedFiles)])
      return {
        readAtMs: Date.now(),
        files,
        unreadable: unreadableOf(files),
        ...installedOn(rootFiles),
        ...(root === '/'
          ? await readKernel(options, rootFiles, running, signal)
          : hostNameFile(files.get('/etc/hostname'))),
      }
    },
  }
}

/** @throws Failure ROOT_MISSING: no machine at all is no machine without K3s */
function requireDirectory(root: string): void {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new Failure(`the root directory ${root} does not exist`, {
    code: 'ROOT_MISSING',
    where: root,
    fix: 'name the directory that the machine is mounted at',
    retry: 'never',
  })
}

function unreadableOf(files: ReadonlyMap<string, ObservedFile>): HostReading['unreadable'] {
  return [...files].flatMap(([path, { unreadable }]) =>
    unreadable === undefined ? [] : [{ path, reason: unreadable }],
  )
}

function installedOn(files: RootFiles): Pick<HostReading, 'installedBinary' | 'commands'> {
  const installedBinary = findBinary(files)
  return { ...(installedBinary === undefined ? {} : { installedBinary }), commands: findCommands(files) }
}

function hostNameFile(file: ObservedFile | undefined): Pick<HostReading, 'hostName'> {
  const hostName = (file?.text ?? '').split('\n').map((line) => line.trim())
  const found = hostName.find((line) => line !== '' && !line.startsWith('#'))
  return found === undefined ? {} : { hostName: found }
}

/** What only the machine that this runs on can tell. */
async function readKernel(
  options: HostReaderOptions,
  files: RootFiles,
  running: RunningK3s | undefined,
  signal: AbortSignal,
): Promise<Partial<HostReading>> {
  const { proc = '/proc', run = runHostCommand } = options
  const network = await readNetwork(run, proc, signal)
  const firewall = await readFirewall(
    {
      run,
      programs: runningPrograms(proc),
      ufwConf: files.read('/etc/ufw/ufw.conf')?.text,
      legacyTables: textOf(`${proc}/net/ip_tables_names`),
    },
    signal,
  )
  const binary = findBinary(files)
  const installedVersion = binary === undefined ? undefined : await askVersion(run, binary.path, signal)
  return {
    hostName: hostname(),
    kernelRelease: release(),
    sysctls: readSysctls(proc),
    ...(running === undefined ? {} : { process: running }),
    ...(network === undefined ? {} : { network }),
    ...(firewall === undefined ? {} : { firewall }),
    ...(installedVersion === undefined ? {} : { installedVersion }),
  }
}

async function readNetwork(run: RunCommand, proc: string, signal: AbortSignal): Promise<HostNetwork | undefined> {
  const interfaces = parseInterfaces(await run('ip', ['-j', '-d', 'address', 'show'], signal))
  const listeners = readListeners(proc)
  if (interfaces === undefined && listeners === undefined) return undefined
  const ipv4 = await run('ip', ['-j', 'route', 'show', 'default'], signal)
  const ipv6 = await run('ip', ['-j', '-6', 'route', 'show', 'default'], signal)
  return {
    interfaces: interfaces ?? [],
    defaultRoutes: [...parseDefaultRoutes(ipv4, 4), ...parseDefaultRoutes(ipv6, 6)],
    ...(listeners === undefined ? {} : { listeners }),
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

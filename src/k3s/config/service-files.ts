/** The files that say how a machine starts K3s. */
export interface ServiceFiles {
  readonly manager: 'systemd' | 'openrc'
  /** The unit, or the script. */
  readonly unit: string
  /** Drop-ins of the unit in the order in which systemd reads them; empty for OpenRC. */
  readonly dropIns: readonly string[]
}

/** Strongest first: a file in an earlier directory hides one of the same name in a later one. */
export const unitDirectories: readonly string[] = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]
export const serviceNames = ['k3s', 'k3s-agent'] as const

/**
 * The services of K3s among the files of a machine; two of them where a server and an agent are installed beside each
 * other.
 * @see systemd.unit(5); k3s-io/k3s install.sh (`setup_env`)
 */
export function serviceFilesAmong(paths: ReadonlySet<string>): readonly ServiceFiles[] {
  return serviceNames.flatMap((name) => systemdService(`${name}.service`, paths) ?? openrcService(name, paths) ?? [])
}

function systemdService(name: string, paths: ReadonlySet<string>): ServiceFiles | undefined {
  const unit = unitDirectories.map((directory) => `${directory}/${name}`).find((path) => paths.has(path))
  if (unit === undefined) return undefined
  const dropIns = new Map<string, string>()
  for (const directory of [...unitDirectories].reverse()) {
    const folder = `${directory}/${name}.d/`
    for (const path of paths) {
      const file = path.startsWith(folder) ? path.slice(folder.length) : ''
      if (file.endsWith('.conf') && !file.includes('/')) dropIns.set(file, path)
    }
  }
  // By the name of the file alone, whatever directory it is in.
  const sorted = [...dropIns].sort(([a], [b]) => (a < b ? -1 : 1))
  return { manager: 'systemd', unit, dropIns: sorted.map(([, path]) => path) }
}

function openrcService(name: string, paths: ReadonlySet<string>): ServiceFiles | undefined {
  const unit = `/etc/init.d/${name}`
  return paths.has(unit) ? { manager: 'openrc', unit, dropIns: [] } : undefined
}

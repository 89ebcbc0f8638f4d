import type { RunningK3s } from '../../domain/host.ts'
import type { ObservedFile } from '../../domain/observation.ts'
import { serviceNames, unitDirectories } from '../../k3s/config/service-files.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { FindPlaces } from '../../ports/host-reader-port.ts'
import type { RootFiles } from './root-files.ts'

/** Files of variables beside the units, as K3s's installer and distributions write them. */
const environmentFiles: readonly string[] = serviceNames.flatMap((name) => [
  `/etc/systemd/system/${name}.service.env`,
  `/etc/default/${name}`,
  `/etc/sysconfig/${name}`,
  `/etc/conf.d/${name}`,
])

/**
 * The files that tell K3s its flags. The service may name other ones: what it says is read, and then what that says.
 * What cannot be read is there with the reason.
 */
export function readConfigFiles(
  files: RootFiles,
  findPlaces: FindPlaces,
  running: RunningK3s | undefined,
): ReadonlyMap<string, ObservedFile> {
  const found = new Map<string, ObservedFile>()
  const take = (path: string): void => {
    const file = found.has(path) ? undefined : files.read(path)
    if (file !== undefined) found.set(path, file)
  }
  const takeAll = (directory: string): void => {
    const names = files.list(directory)
    if ('path' in names) found.set(directory, names)
    else for (const name of names) take(`${directory}/${name}`)
  }
  for (const name of serviceNames) {
    for (const directory of unitDirectories) {
      take(`${directory}/${name}.service`)
      takeAll(`${directory}/${name}.service.d`)
    }
    take(`/etc/init.d/${name}`)
  }
  for (const path of environmentFiles) take(path)
  take(k3sPaths.config)
  takeAll(k3sPaths.configDropIns)
  // A file of variables may choose another configuration file.
  for (const path of findPlaces(textsOf(found), running).environmentFiles) if (isOnMachine(path)) take(path)
  const { configFile, dropInDirectory } = findPlaces(textsOf(found), running)
  if (isOnMachine(configFile)) take(configFile)
  if (isOnMachine(dropInDirectory)) takeAll(dropInDirectory)
  return found
}

export function textsOf(files: ReadonlyMap<string, ObservedFile>): ReadonlyMap<string, string> {
  return new Map([...files].flatMap(([path, { text }]) => (text === undefined ? [] : [[path, text] as const])))
}

/** K3s takes an address for its configuration file, and systemd patterns for files of variables. */
function isOnMachine(path: string): boolean {
  return path.startsWith('/') && !/[*?[\0]/.test(path)
}

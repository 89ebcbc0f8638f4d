import type { ObservedFile } from '../../domain/observation.ts'
import { fairleadPaths, k3sPaths } from '../../k3s/locations.ts'
import type { RootFiles } from './root-files.ts'

/** K3s walks as deep as there are directories; nobody means to have this many. */
const maximumDepth = 16
const maximumEntries = 5_000

/** Directories whose files are read, with the names that matter there. */
const directories: readonly { readonly path: string; readonly names: RegExp }[] = [
  { path: '/etc/cni/net.d', names: /\.(conf|conflist|json)$/ },
  { path: '/etc/firewalld/zones', names: /\.xml$/ },
  { path: k3sPaths.fairleadConfig, names: /./ },
]

/** Below the data directory. */
const dataFiles: readonly string[] = ['agent/etc/flannel/net-conf.json', 'agent/etc/cni/net.d/10-flannel.conflist']

const otherFiles: readonly string[] = [
  '/run/flannel/subnet.env',
  '/etc/ufw/ufw.conf',
  '/etc/hostname',
  // What K3s staged when it started, as Fairlead saw it then.
  `${fairleadPaths.state}/pristine.json`,
]

/**
 * What else decides about the network of a K3s machine: manifests, what K3s generates for flannel, and the files that
 * its flags name. What cannot be read is there with the reason.
 *
 * @param dataDirectories of K3s; the default one among them
 * @param named files that flags name: `flannel-conf`, `flannel-cni-conf`
 */
export function readMachineFiles(
  files: RootFiles,
  dataDirectories: readonly string[],
  named: readonly string[],
): ReadonlyMap<string, ObservedFile> {
  const found = new Map<string, ObservedFile>()
  const take = (path: string): void => {
    const file = files.read(path)
    if (file !== undefined) found.set(path, file)
  }
  for (const directory of new Set(dataDirectories)) {
    for (const name of dataFiles) take(`${directory}/${name}`)
    takeBelow(files, `${directory}/server/manifests`, found)
  }
  for (const { path, names } of directories) {
    const listed = files.list(path)
    if ('path' in listed) found.set(path, listed)
    else for (const name of listed) if (names.test(name)) take(`${path}/${name}`)
  }
  for (const path of [...otherFiles, ...named]) take(path)
  return found
}

/** Directories themselves are no files and are left out, unless they cannot be listed. */
function takeBelow(files: RootFiles, directory: string, found: Map<string, ObservedFile>, depth = 0): void {
  const names = files.list(directory)
  if ('path' in names) {
    found.set(directory, names)
    return
  }
  for (const name of names) {
    if (found.size >= maximumEntries) return
    const path = `${directory}/${name}`
    const file = files.read(path)
    if (file === undefined) continue
    if (file.type !== 'directory') found.set(path, file)
    else if (depth < maximumDepth) takeBelow(files, path, found, depth + 1)
  }
}

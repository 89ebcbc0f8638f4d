import type { FileLocation } from '../domain/artefact.ts'

/**
 * Where K3s looks for things, with its default data directory.
 * @see k3s-io/k3s pkg/datadir/datadir.go, pkg/configfilearg/defaultparser.go, pkg/server/server.go
 */
export const k3sPaths = {
  config: '/etc/rancher/k3s/config.yaml',
  configDropIns: '/etc/rancher/k3s/config.yaml.d',
  managedDropIn: '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml',
  fairleadConfig: '/etc/rancher/k3s/fairlead',
  flannelConf: '/etc/rancher/k3s/fairlead/flannel.json',
  dataDir: '/var/lib/rancher/k3s',
  manifests: '/var/lib/rancher/k3s/server/manifests',
} as const

/** What Fairlead keeps for itself on a machine. */
export const fairleadPaths = {
  state: '/var/lib/fairlead',
  /** K3s flags wait here for their node's turn; below it the path is the one in place. */
  staged: '/var/lib/fairlead/staged',
  quarantine: '/var/lib/fairlead/quarantine',
} as const

/** The allow-list: a location, and the paths below it that a program may name. */
const locations: Readonly<Record<FileLocation, RegExp>> = {
  'k3s-config': /^\/etc\/rancher\/k3s\/config\.yaml\.d\/90-fairlead\.yaml$/,
  'flannel-conf': /^\/etc\/rancher\/k3s\/fairlead\/flannel\.json$/,
  manifest: /^\/var\/lib\/rancher\/k3s\/server\/manifests(\/[A-Za-z0-9_][A-Za-z0-9._-]{0,252})+$/,
}

/** Directories whose content is observed: those that hold the allowed paths. */
export const observedDirectories = [
  k3sPaths.configDropIns,
  k3sPaths.fairleadConfig,
  k3sPaths.manifests,
  `${fairleadPaths.staged}${k3sPaths.configDropIns}`,
  `${fairleadPaths.staged}${k3sPaths.fairleadConfig}`,
] as const

/** The location a path belongs to, staged or in place; undefined for every path that no program may write. */
export function locationOf(path: string): FileLocation | undefined {
  const inPlace = inPlacePath(path)
  for (const [location, pattern] of Object.entries(locations)) {
    if (!pattern.test(inPlace)) continue
    if (inPlace !== path && location === 'manifest') return undefined
    return location as FileLocation
  }
  return undefined
}

/** Flags of a K3s that runs are written beside their place first (DESIGN §5). */
export function stagedPath(path: string): string {
  return `${fairleadPaths.staged}${path}`
}

export function inPlacePath(path: string): string {
  return path.startsWith(`${fairleadPaths.staged}/`) ? path.slice(fairleadPaths.staged.length) : path
}

/** `sub/lan.yaml` for a path in the manifests directory; undefined for any other. */
export function manifestName(path: string): string | undefined {
  return path.startsWith(`${k3sPaths.manifests}/`) ? path.slice(k3sPaths.manifests.length + 1) : undefined
}

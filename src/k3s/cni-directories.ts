import { k3sPaths } from './locations.ts'
import { supports } from './version/feature-gates.ts'
import type { K3sVersion } from './version/k3s-version.ts'

/** Where the container runtime of a node looks for its pod network. Absolute, without a slash at the end. */
export interface CniDirectories {
  readonly conf: string
  readonly bin: string
}

/**
 * With flannel K3s keeps the directories below its data directory; without it containerd's own ones count. Before
 * October 2024 the plugins lay in a directory that each release names anew, behind a link that stays.
 * @param flannelRuns whether K3s starts flannel, with any backend but `none`
 * @see k3s-io/k3s pkg/agent/config/config.go; k3s-networking §3.4
 */
export function cniDirectories(version: K3sVersion, flannelRuns: boolean): CniDirectories {
  if (!flannelRuns) return { conf: '/etc/cni/net.d', bin: '/opt/cni/bin' }
  return {
    conf: `${k3sPaths.dataDir}/agent/etc/cni/net.d`,
    bin: supports('stable-cni-bin-directory', version)
      ? `${k3sPaths.dataDir}/data/cni`
      : `${k3sPaths.dataDir}/data/current/bin`,
  }
}

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { formatCidr, parseCidr } from '../../domain/cidr.ts'
import type { Leftovers } from '../../domain/leftovers.ts'
import { asRecord } from '../../domain/plain-json.ts'

/** Where pod networks put files for the container runtime, and what flannel keeps at run time. */
const dataDir = '/var/lib/rancher/k3s'
const configDirectories = ['/etc/cni/net.d', `${dataDir}/agent/etc/cni/net.d`, '/run/flannel']
const leaseDirectory = '/var/lib/cni/networks'
const subnetFile = '/run/flannel/subnet.env'
const flannelConf = `${dataDir}/agent/etc/flannel/net-conf.json`
/** One directory for each task of containerd, named by the id of its container. @see containerd core/runtime/v2 */
const taskDirectories = [
  '/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io',
  '/run/containerd/io.containerd.runtime.v2.task/k8s.io',
]

type Files = Pick<Leftovers, 'files' | 'leases' | 'flannelSubnets' | 'flannelBackend' | 'containers' | 'programs'>

/**
 * What the disk and the process table tell.
 * @param root in front of every path; empty for this machine
 * @param proc where proc is mounted
 */
export function readFiles(root: string, proc: string): Files {
  const subnets = flannelSubnets(textOf(`${root}${subnetFile}`) ?? '')
  const backend = backendOf(textOf(`${root}${flannelConf}`) ?? '')
  return {
    files: configDirectories.flatMap((directory) => filesIn(root, directory)),
    leases: leasesIn(root),
    ...(subnets.length === 0 ? {} : { flannelSubnets: subnets }),
    ...(backend === undefined ? {} : { flannelBackend: backend }),
    containers: containerIds(root),
    programs: programNames(proc),
  }
}

function filesIn(root: string, directory: string): readonly string[] {
  return namesIn(`${root}${directory}`)
    .map((name) => `${directory}/${name}`)
    .filter((path) => isFile(`${root}${path}`))
}

/** host-local writes one file for each address: the container's id, and below it the device inside. */
function leasesIn(root: string): readonly { readonly path: string; readonly container: string }[] {
  return namesIn(`${root}${leaseDirectory}`).flatMap((network) =>
    filesIn(root, `${leaseDirectory}/${network}`).flatMap((path) => {
      const container = textOf(`${root}${path}`)?.split(/\r?\n/)[0]?.trim() ?? ''
      return /^[0-9a-f]{64}$/.test(container) ? [{ path, container }] : []
    }),
  )
}

/** `FLANNEL_SUBNET=10.42.0.1/24` is the address of the bridge; the network around it is that of the node's pods. */
function flannelSubnets(text: string): readonly string[] {
  return [...text.matchAll(/^FLANNEL_(?:IPV6_)?SUBNET=(\S+)$/gm)].flatMap(([, written = '']) => {
    const cidr = parseCidr(written)
    return cidr === undefined ? [] : [formatCidr(cidr)]
  })
}

function backendOf(text: string): string | undefined {
  try {
    const type = asRecord(asRecord(JSON.parse(text))['Backend'])['Type']
    // What K3s calls wireguard-native flannel calls wireguard.
    if (typeof type !== 'string') return undefined
    return type === 'wireguard' ? 'wireguard-native' : type
  } catch {
    return undefined
  }
}

function containerIds(root: string): ReadonlySet<string> | undefined {
  const found = taskDirectories.filter((directory) => isDirectory(`${root}${directory}`))
  if (found.length === 0) return undefined
  return new Set(found.flatMap((directory) => namesIn(`${root}${directory}`)))
}

/** As the kernel shortens them, to fifteen characters. */
function programNames(proc: string): readonly string[] {
  const pids = namesIn(proc).filter((name) => /^[0-9]+$/.test(name))
  return [...new Set(pids.flatMap((pid) => textOf(`${proc}/${pid}/comm`)?.trim() ?? []))].sort()
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort()
  } catch {
    return []
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

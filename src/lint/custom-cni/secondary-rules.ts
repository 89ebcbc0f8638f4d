import { withoutTrailingSlashes } from '../../domain/plain-path.ts'
import { type ReleaseFloors, reaches } from '../../k3s/version/release-floors.ts'
import { asList, parseJsonObject, textAt, valueAt } from '../flannel/json-object.ts'
import { knowsNodes } from '../flannel/node-addresses.ts'
import { dataDirOf, podNetworkOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type ObjectSubject, serversOf } from '../subject.ts'
import { chartValues } from './chart-values.ts'

/** Releases that look for plugins in `<data>/data/cni`; before, in the directory of their own binaries. */
const stablePluginDirectory: ReleaseFloors = ['1.28.15', '1.29.10', '1.30.6', '1.31.2', '1.32.0']
const sources = ['k3s-io/docs docs/networking/multus-ipams.md']

/** Multus and what it attaches. */
export const secondaryRules: readonly Rule[] = [
  {
    id: 'cni-multus-dirs',
    severity: 'error',
    title: 'Multus looks where K3s does not',
    why: "containerd reads CNI configuration and plugins from K3s's own directories; Multus put elsewhere is never called",
    fix: 'write the directories of this release and backend into the chart or DaemonSet of Multus',
    versions: '`<data>/data/cni` since 1.28.15 / 1.29.10 / 1.30.6 / 1.31.2',
    looksAt: ['manifests', 'settings'],
    sources,
    check: (subject) => multusFindings(subject),
  },
  {
    id: 'cni-bin-hash',
    severity: 'warning',
    title: 'plugins in a directory that the next upgrade leaves behind',
    why: 'the directory is named after the K3s binary: after an upgrade containerd looks into another one',
    fix: 'use <data>/data/cni, or before 1.28.15 / 1.29.10 / 1.30.6 / 1.31.2 the link <data>/data/current/bin',
    versions: 'every version',
    looksAt: ['manifests'],
    sources,
    check: (subject) => subject.objects.flatMap(hashDirectory),
  },
  {
    id: 'cni-macvlan-ipam',
    severity: 'warning',
    title: 'addresses given out on every node for itself',
    why: 'host-local knows the addresses of one node only; two nodes give the same address to two pods on one link',
    fix: 'use whereabouts, dhcp or static, or a range of its own for every node',
    versions: 'every version',
    looksAt: ['manifests', 'settings', 'live'],
    sources: ['containernetworking/plugins plugins/ipam/host-local'],
    check: (subject) => (isManyNodes(subject) ? [...writtenNetworks(subject), ...attachmentFindings(subject)] : []),
  },
]

interface Directories {
  readonly conf: string
  readonly bin: string
}

function expectedDirectories(subject: LintSubject): Directories | undefined {
  const network = podNetworkOf(subject)
  const server = serversOf(subject)[0]
  if (network === undefined || server === undefined) return undefined
  if (network.backend === 'none') return { conf: '/etc/cni/net.d', bin: '/opt/cni/bin' }
  if (subject.version === undefined) return undefined
  const data = dataDirOf(server)
  const isStable = reaches(stablePluginDirectory, subject.version)
  return { conf: `${data}/agent/etc/cni/net.d`, bin: isStable ? `${data}/data/cni` : `${data}/data/current/bin` }
}

function multusFindings(subject: LintSubject): readonly Finding[] {
  const expected = expectedDirectories(subject)
  if (expected === undefined) return []
  return subject.objects.flatMap((one) => {
    const written = multusDirectories(one)
    if (written === undefined) return []
    return (['conf', 'bin'] as const).flatMap((key): Finding[] => {
      const path = written.directories[key]
      if (path === undefined || path === expected[key] || isOldBinary(expected, path)) return []
      const what = `${one.object.kind} ${one.object.metadata.name}: ${path}, where K3s has ${expected[key]}`
      return [{ at: one.place(written.path), what }]
    })
  })
}

/** The directory behind the link is right until the next upgrade; that is another rule. */
function isOldBinary(expected: Directories, path: string): boolean {
  return expected.bin.endsWith('/data/current/bin') && hashed.test(path)
}

const hashed = /\/data\/[0-9a-f]{64}\/bin$/

function multusDirectories({
  object,
}: ObjectSubject): { readonly directories: Partial<Directories>; readonly path: readonly string[] } | undefined {
  if (object.kind === 'HelmChart' && /multus/.test(textAt(object, 'spec', 'chart') ?? '')) {
    const conf = valueAt(chartValues(object), 'config', 'cni_conf')
    return {
      directories: directories(textAt(conf, 'confDir'), textAt(conf, 'binDir')),
      path: ['spec', 'valuesContent'],
    }
  }
  if (object.kind !== 'DaemonSet' || !/multus/.test(object.metadata.name)) return undefined
  const path = ['spec', 'template', 'spec', 'volumes']
  const volumes = new Map(
    asList(valueAt(object, ...path)).map((volume) => [textAt(volume, 'name'), textAt(volume, 'hostPath', 'path')]),
  )
  return { directories: directories(volumes.get('cni'), volumes.get('cnibin')), path }
}

function directories(conf: string | undefined, bin: string | undefined): Partial<Directories> {
  const plain = (path: string): string => withoutTrailingSlashes(path)
  return { ...(conf === undefined ? {} : { conf: plain(conf) }), ...(bin === undefined ? {} : { bin: plain(bin) }) }
}

function hashDirectory({ object, at }: ObjectSubject): readonly Finding[] {
  if (object.kind !== 'DaemonSet' && object.kind !== 'HelmChart') return []
  const path = /\/data\/[0-9a-f]{64}\/bin/.exec(JSON.stringify(object['spec'] ?? ''))?.[0]
  return path === undefined ? [] : [{ at, what: `${object.kind} ${object.metadata.name} names a directory ${path}` }]
}

function isManyNodes(subject: LintSubject): boolean {
  return knowsNodes(subject) && subject.facts.nodes.length > 1
}

function writtenNetworks({ desired }: LintSubject): readonly Finding[] {
  return (desired?.cluster.spec.cni.secondary.macvlan ?? []).flatMap(({ name, ipam, subnet }, index) => {
    const isLocal = ipam === 'host-local' || (ipam === undefined && subnet !== undefined)
    if (!isLocal || desired === undefined) return []
    const at = desired.places.clusterPlace(['spec', 'cni', 'secondary', 'macvlan', index, 'ipam'])
    return [{ at, what: `macvlan network ${name} has host-local addresses on several nodes` }]
  })
}

function attachmentFindings(subject: LintSubject): readonly Finding[] {
  return subject.objects.flatMap((one) => {
    const { object, origin } = one
    if (object.kind !== 'NetworkAttachmentDefinition' || origin === 'rendered') return []
    const conf = parseJsonObject(textAt(object, 'spec', 'config') ?? '')
    const plugins = asList(conf?.['plugins'] ?? (conf === undefined ? [] : [conf]))
    const isLocal = plugins.some(
      (plugin) =>
        /^(macvlan|ipvlan)$/.test(textAt(plugin, 'type') ?? '') && textAt(plugin, 'ipam', 'type') === 'host-local',
    )
    if (!isLocal) return []
    const what = `NetworkAttachmentDefinition ${object.metadata.name} has host-local addresses on several nodes`
    return [{ at: one.place(['spec', 'config']), what }]
  })
}

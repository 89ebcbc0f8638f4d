import type { ArtefactId } from '../../domain/artefact.ts'
import type { SysctlArtefact } from '../../domain/host-route.ts'
import { sysctlId } from '../../domain/route-identity.ts'

/** A setting of one interface that follows from one that is meant for all. */
export interface DerivedSysctl extends SysctlArtefact {
  /** The setting that it follows from. */
  readonly because: ArtefactId
}

/**
 * The wanted settings, and those of interfaces that a setting for all of them does not reach: writing `all` over a value that it has already changes no
 * interface that somebody set apart, and `all.accept_ra` changes none that exists. What a document says of an interface by
 * name stays.
 * @param devices interfaces of this node
 * @param found what `/proc/sys` holds now, by the parts of the path joined with `/`
 * @see kernel net/ipv4/devinet.c, net/ipv6/addrconf.c; node-networking §3.1
 */
export function expandSysctls(
  wanted: readonly SysctlArtefact[],
  devices: readonly string[],
  found: ReadonlyMap<string, string | undefined>,
): readonly (SysctlArtefact | DerivedSysctl)[] {
  const written = new Set(wanted.map(({ path }) => path.join('/')))
  const derived = wanted.flatMap((artefact) => {
    const family = reachesInterfaces(artefact)
    const name = artefact.path.at(-1) === 'accept_ra' ? 'accept_ra' : 'forwarding'
    // Written for the first time, forwarding for all sets that of each interface.
    const isToCome = name === 'forwarding' && found.get(artefact.path.join('/')) !== artefact.value
    if (family === undefined || isToCome) return []
    return [...devices, ...(name === 'accept_ra' ? ['default'] : [])]
      .filter((device) => device !== 'lo')
      .map((device) => derive(artefact, ['net', family, 'conf', device, name]))
      .filter(({ path }) => !written.has(path.join('/')) && isSetApart(name, found.get(path.join('/'))))
  })
  return [...wanted, ...derived]
}

/** Settings that have to be read before a plan: the wanted ones, the remembered ones, and those of all interfaces. */
export function sysctlsToRead(
  wanted: readonly SysctlArtefact[],
  remembered: readonly (readonly string[])[],
  devices: readonly string[],
): readonly (readonly string[])[] {
  const perDevice = wanted.flatMap((artefact) => {
    const family = reachesInterfaces(artefact)
    const name = artefact.path.at(-1) === 'accept_ra' ? 'accept_ra' : 'forwarding'
    return family === undefined ? [] : [...devices, 'default'].map((device) => ['net', family, 'conf', device, name])
  })
  const paths = [...wanted.map(({ path }) => path), ...remembered, ...perDevice]
  return [...new Map(paths.map((path) => [path.join('/'), path])).values()]
}

function reachesInterfaces({ path, value }: SysctlArtefact): 'ipv4' | 'ipv6' | undefined {
  const text = path.join('/')
  if (text === 'net/ipv4/ip_forward' || text === 'net/ipv4/conf/all/forwarding')
    return value === '1' ? 'ipv4' : undefined
  if (text === 'net/ipv6/conf/all/forwarding') return value === '1' ? 'ipv6' : undefined
  return text === 'net/ipv6/conf/all/accept_ra' && value === '2' ? 'ipv6' : undefined
}

/** 0 leaves router advertisements to a daemon: only what the kernel would stop listening to is raised. */
function isSetApart(name: string, value: string | undefined): boolean {
  return name === 'accept_ra' ? value === '1' : value === '0'
}

function derive(artefact: SysctlArtefact, path: readonly string[]): DerivedSysctl {
  const key = path.map((part) => part.replaceAll('.', '/')).join('.')
  return { ...artefact, id: sysctlId(key), key, path, because: artefact.id }
}

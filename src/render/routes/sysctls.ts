import { compareById } from '../../domain/artefact.ts'
import type { SysctlArtefact } from '../../domain/host-route.ts'
import { sysctlId } from '../../domain/route-identity.ts'
import { sysctlPath, sysctlRank } from '../../domain/sysctl-path.ts'
import type { PlacedNetwork, RefusedEntry } from './route-input.ts'

/**
 * `spec.sysctls` of every document and what the ways out need, in the order in which they are to be written: what a
 * document says wins.
 */
export function renderSysctls(
  networks: readonly PlacedNetwork[],
  needed: readonly SysctlArtefact[],
): { readonly sysctls: readonly SysctlArtefact[]; readonly refused: readonly RefusedEntry[] } {
  const byPath = new Map<string, SysctlArtefact>()
  const refused: RefusedEntry[] = []
  for (const { network, file } of networks) {
    for (const [key, value] of Object.entries(network.spec.sysctls)) {
      const origin = `${file} spec.sysctls[${JSON.stringify(key)}]`
      const path = sysctlPath(key)
      const first = path === undefined ? undefined : byPath.get(path.join('/'))
      if (path === undefined) refused.push({ origin, reason: `${key} is no kernel setting that is managed here` })
      else if (first === undefined) byPath.set(path.join('/'), sysctlArtefact(key, path, value, origin))
      else if (first.value !== value.trim()) {
        refused.push({ origin, reason: `${first.origin} sets it to ${JSON.stringify(first.value)}` })
      }
    }
  }
  for (const artefact of needed) {
    const path = artefact.path.join('/')
    if (!byPath.has(path)) byPath.set(path, artefact)
  }
  const sysctls = [...byPath.values()].toSorted((a, b) => sysctlRank(a.path) - sysctlRank(b.path) || compareById(a, b))
  return { sysctls, refused }
}

/** One spelling for each setting, whichever the document has: `net.ipv4.conf.eth0/100.rp_filter`, as sysctl(8) prints it. */
export function sysctlArtefact(key: string, path: readonly string[], value: string, origin: string): SysctlArtefact {
  return {
    kind: 'sysctl',
    id: sysctlId(path.map((part) => part.replaceAll('.', '/')).join('.')),
    key,
    path,
    value: value.trim(),
    origin,
  }
}

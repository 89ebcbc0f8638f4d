import { parseAddress } from '../../domain/cidr.ts'
import { unfitKindOf } from '../../k3s/addressing/address-kinds.ts'
import { scalarOf } from '../../k3s/config/effective-settings.ts'
import type { Finding, Rule } from '../rule.ts'

export const resolvConf: Rule = {
  id: 'node-resolv',
  severity: 'warning',
  title: 'resolv-conf names a file without a name server that pods can reach',
  why: 'CoreDNS asks the servers of this file from inside a pod, where 127.0.0.1 is the pod; K3s checks only files that it finds by itself',
  fix: 'name a file with the real servers, such as /run/systemd/resolve/resolv.conf',
  versions: 'every version',
  looksAt: ['settings', 'host'],
  sources: ['k3s-io/k3s pkg/agent/config/config.go (locateOrGenerateResolvConf)'],
  check: ({ nodes }) =>
    nodes.flatMap(({ settings, host, name }): Finding[] => {
      const written = scalarOf(settings, 'resolv-conf')
      const text = written === undefined ? undefined : host?.files.get(written.text)?.text
      if (written === undefined || text === undefined) return []
      const servers = nameServersOf(text)
      if (servers.length === 0) return [{ at: written.at, what: `${written.text} on ${name} has no name server` }]
      return servers.flatMap((server) =>
        isReachable(server)
          ? []
          : [{ at: written.at, what: `${written.text} on ${name} has the name server ${server}` }],
      )
    }),
}

function nameServersOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => /^nameserver\s+(\S*)/.exec(line)?.[1] ?? [])
}

/** Some clouds answer DNS at the address of their metadata service. */
function isReachable(server: string): boolean {
  const address = parseAddress(server)
  return server === '169.254.169.254' || (address !== undefined && unfitKindOf(address) === undefined)
}

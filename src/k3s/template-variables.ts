import type { PackagedSelection } from '../domain/program.ts'

/**
 * K3s's byte substitution in the manifests it ships: every occurrence, no escaping, unknown tokens stay.
 * @see k3s-io/k3s pkg/server/server.go `stageFiles`, pkg/deploy/stage.go
 */
export function substituteVariables(manifest: string, selection: PackagedSelection): string {
  const values: Readonly<Record<string, string>> = {
    '%{CLUSTER_DNS}%': selection.clusterDNS[0] ?? '',
    '%{CLUSTER_DNS_LIST}%': `[${selection.clusterDNS.join(',')}]`,
    '%{CLUSTER_DNS_IPFAMILYPOLICY}%': selection.clusterDNS.length > 1 ? 'RequireDualStack' : 'SingleStack',
    '%{CLUSTER_DOMAIN}%': selection.clusterDomain,
    '%{SYSTEM_DEFAULT_REGISTRY}%': '',
    '%{SYSTEM_DEFAULT_REGISTRY_RAW}%': '',
  }
  return Object.entries(values).reduce((text, [token, value]) => text.replaceAll(token, () => value), manifest)
}

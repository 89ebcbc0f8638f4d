/**
 * Every directive that a CoreDNS of K3s has had, of all its releases: what one of them lacks is no mistake here.
 * @see coredns/coredns plugin.cfg (1.6 to 1.14)
 */
export const corednsPlugins: readonly string[] = [
  ...'acl any auto autopath azure bind bufsize cache cancel chaos clouddns debug dns64 dnssec dnstap erratic'.split(
    ' ',
  ),
  ...'errors etcd federation file forward geoip grpc grpc_server header health hosts https https3'.split(' '),
  ...'k8s_external kubernetes loadbalance local log loop metadata minimal multisocket nomad nsid on pprof'.split(' '),
  ...'prometheus proxyproto quic ready reload rewrite root route53 secondary sign template timeouts tls'.split(' '),
  ...'trace transfer tsig view whoami'.split(' '),
]

/**
 * Plugins of the packaged `.:53` that refuse to stand twice in one block. `health`, `reload`, `loadbalance` and, where
 * overrides are imported before it, `forward` may.
 * @see coredns/coredns plugin/{cache,errors,hosts,kubernetes,loop,metrics,ready}/setup.go (`plugin.ErrOnce`);
 *   k3s-io/k3s manifests/coredns.yaml
 */
export const packagedOnce: ReadonlySet<string> = new Set([
  'cache',
  'errors',
  'hosts',
  'kubernetes',
  'loop',
  'prometheus',
  'ready',
])

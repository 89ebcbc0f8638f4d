/** Whose chains, targets and tables begin so. The longer prefix stands before the shorter one that it begins with. */
const owners: readonly (readonly [prefix: string, owner: string])[] = [
  ['KUBE-ROUTER-', 'kube-router'],
  ['KUBE-POD-FW-', 'kube-router'],
  ['KUBE-NWPLCY-', 'kube-router'],
  ['KUBE-', 'kube-proxy or kubelet'],
  ['CNI-', 'the portmap CNI plugin'],
  ['FLANNEL-', 'flannel'],
  ['cali-', 'Calico'],
  ['cali:', 'Calico'],
  ['CILIUM_', 'Cilium'],
  ['OLD_CILIUM_', 'Cilium'],
  ['DOCKER', 'Docker'],
  ['ufw-', 'ufw'],
  ['ufw6-', 'ufw'],
  ['firewalld', 'firewalld'],
  ['f2b-', 'fail2ban'],
  ['LIBVIRT_', 'libvirt'],
  ['ts-', 'Tailscale'],
]

/** Programs that many tools run: their name says how, not who. */
const tools = /^(?:x|ip6?)tables|^nft$|^ip$|^ipset$/

/**
 * Who undid our work, in words that stay the same while the same tool does it: no process number.
 * @param by `iptables-nft-re (4211)`, as a hint says it; the kernel cuts names at 15 characters
 * @param found lines that are there now and were not ours to write
 */
export function writerName(by: string | undefined, found: readonly string[]): string {
  const program = by?.replace(/ \(\d+\)$/, '')
  const owner = ownerOf(found)
  if (program === undefined || program === '') return owner ?? 'unknown'
  if (owner === undefined || !tools.test(program)) return program
  return `${owner}, through ${program}`
}

function ownerOf(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    // A comment's own words count too: Calico marks its rules so.
    for (const word of line.split(/[\s"]+/)) {
      const owner = owners.find(([prefix]) => word.startsWith(prefix))
      if (owner !== undefined) return owner[1]
    }
  }
  return undefined
}

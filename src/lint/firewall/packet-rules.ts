import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { unique } from './effect-rules.ts'

/** Rules that change packets, and what else on a node does. */
export const packetRules: readonly Rule[] = [
  {
    id: 'fw-mark-overlap',
    severity: 'error',
    title: 'a mark in bits that something else on the node uses',
    why: 'kube-proxy, portmap, the network policies and CNI plugins read their decisions from these bits: packets would be masqueraded, accepted or lost',
    fix: 'take bits of 0xf0 (mask: 0xf0), which none of them uses by default',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['cloudnativelabs/kube-router pkg/controllers/netpol', 'kubernetes/kubernetes pkg/proxy/iptables'],
    check: (subject) => unique(subject.nodes.flatMap((node) => overlappingMarks(subject, node))),
  },
  {
    id: 'fw-clamp-all',
    severity: 'notice',
    title: 'a segment size for every connection',
    why: 'links whose MTU is not smaller need no clamping, and pods of one node speak with each other without any',
    fix: 'name the interface whose MTU is smaller in outInterface',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['iptables-extensions(8) TCPMSS'],
    check: (subject) => unique(subject.nodes.flatMap((node) => clampsOfEverything(subject, node))),
  },
]

/** Bits of the packet mark and their owners; kube-proxy, portmap and kube-router are part of every K3s. */
const takenBits: readonly { readonly owner: string; readonly mask: number; readonly plugins?: readonly string[] }[] = [
  { owner: 'kube-proxy', mask: 0xc000 },
  { owner: 'portmap', mask: 0x2000 },
  { owner: 'the network policies of K3s', mask: 0x3_0000 },
  { owner: 'Calico', mask: 0xffff_0000, plugins: ['calico', 'canal'] },
  { owner: 'Cilium', mask: 0xffff_0f00, plugins: ['cilium'] },
]

function overlappingMarks(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  const plugin = subject.desired?.cluster.spec.cni.plugin ?? 'flannel'
  return node.networks.flatMap(({ metadata, spec }) =>
    spec.firewall.marks.flatMap(({ name, mask }, index) => {
      const taken = takenBits.find(
        (one) => overlaps(one.mask, mask) && (one.plugins === undefined || one.plugins.includes(plugin)),
      )
      const at = subject.desired?.places.nodePlace(metadata.name, ['spec', 'firewall', 'marks', index]) ?? node.at
      const what = `mark ${JSON.stringify(name)} writes bits 0x${mask.toString(16)}, and ${taken?.owner ?? ''} has 0x${taken?.mask.toString(16) ?? ''}`
      return taken === undefined ? [] : [{ at, what }]
    }),
  )
}

/** Masks have 32 bits, more than the bit operators of numbers without a sign. */
function overlaps(a: number, b: number): boolean {
  return (BigInt(a) & BigInt(b)) !== 0n
}

function clampsOfEverything(subject: LintSubject, node: NodeSubject): readonly Finding[] {
  return node.networks.flatMap(({ metadata, spec }) =>
    spec.firewall.clampMSS.flatMap((rule, index) => {
      const isNarrow = [
        rule.outInterface,
        rule.notOutInterface,
        rule.inInterface,
        rule.notInInterface,
        rule.from,
        rule.to,
      ]
      if (isNarrow.some((part) => part !== undefined)) return []
      const at = subject.desired?.places.nodePlace(metadata.name, ['spec', 'firewall', 'clampMSS', index]) ?? node.at
      return [{ at, what: `clampMSS rule ${JSON.stringify(rule.name)} is for every connection` }]
    }),
  )
}

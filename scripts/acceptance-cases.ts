/** What a node must do with its kernel, as a sentence that a test proves. */
export interface AcceptanceCase {
  readonly number: number
  readonly says: string
  /** What of it is proved otherwise, or is not: measured instead of met, or out of reach where tests run. */
  readonly note?: string
  /** Why there is no test: the case is about something that the design does not have. */
  readonly notApplicable?: string
}

export interface AcceptanceGroup {
  readonly title: string
  readonly cases: readonly AcceptanceCase[]
}

/** Numbers are those of node-networking §7; tests carry them in their names. */
export const acceptanceGroups: readonly AcceptanceGroup[] = [
  {
    title: 'Ownership and apply',
    cases: [
      { number: 1, says: 'applying adds our chains and jumps in both families and moves nothing of others' },
      { number: 2, says: 'applying again writes nothing and keeps counters' },
      { number: 3, says: 'a hundred replacements of a long chain under a stream lose no packet' },
      { number: 4, says: 'one invalid rule refuses the program, is named, and leaves the live tables alone' },
      { number: 5, says: 'a rule that only the kernel refuses is refused before a live write' },
      { number: 6, says: 'when a later table fails, earlier ones are as they were, and the result says so' },
      { number: 7, says: 'killed in the middle of a write, the tables hold all or nothing, and converge' },
      { number: 8, says: 'a lock held for a while is waited for; one held too long is reported and changes nothing' },
      { number: 9, says: 'a check that got no answer is unknown, never drift' },
      { number: 10, says: 'comments in the kernel are our marker alone, so that nothing greps our rules away' },
      { number: 11, says: 'a chain with our prefix that somebody made is reported, and removed only on request' },
      { number: 12, says: 'a program that shrinks takes its chains and jumps along' },
    ],
  },
  {
    title: 'Drift',
    cases: [
      { number: 13, says: 'a deleted jump is back within 300 ms, and who deleted it is named' },
      { number: 14, says: 'a flushed chain of the legacy backend is back within the poll and 300 ms' },
      { number: 15, says: 'another order is drift, another spelling is not' },
      { number: 16, says: 'of two own jumps one is left, in its place' },
      {
        number: 17,
        says: 'beside a writer that saves, thinks and restores, both end with what they want',
        note: 'races for 5 s, not 20',
      },
      {
        number: 18,
        says: 'who insists on the first place is not fought',
        note: 'no program asks for a place before the policy controller; a jump that is deleted again and again is reported as Contested, and then repaired every 30 s',
      },
      { number: 19, says: 'after a flush of everything our part returns, and nothing of others is invented' },
      { number: 20, says: 'a table that iptables cannot show is reported and not written; the plane nft goes on' },
      { number: 21, says: 'chains of Kubernetes in both backends are reported with counts, and nothing is written' },
      { number: 22, says: 'looking for legacy tables makes none' },
      { number: 23, says: 'what an upgrade of K3s greps away leaves our rules in force, or back within a second' },
      { number: 24, says: 'events that were lost are noticed, and a full look follows' },
    ],
  },
  {
    title: 'Routes',
    cases: [
      {
        number: 25,
        says: 'a deleted route is back before a stream of 1,000 packets a second has lost 250',
        note: 'five packets, as first asked for, would take a repair within 5 ms; 60 to 190 were lost on a busy machine with two cores',
      },
      { number: 26, says: 'a wrong next hop of somebody else is replaced, and told' },
      {
        number: 27,
        says: 'after the link went down and up all own routes are back, without an event that said they went',
      },
      { number: 28, says: 'after a flush of the main table connected routes come first, and ours follow' },
      { number: 29, says: 'a foreign route of the same key is refused, or adopted and given back' },
      { number: 30, says: 'an IPv6 route of somebody else is not merged with ours' },
      { number: 31, says: 'one impossible route is told, and all others are in place' },
      {
        number: 32,
        says: 'a direct route to pods that stays away is written as flannel would, and flannel can delete it',
      },
      { number: 33, says: 'a route to a node that is gone goes after a minute, and never while the API is silent' },
      {
        number: 34,
        says: 'vxlan routes beside WireGuard are an unencrypted path, and their clean-up takes them',
        note: 'where the kernel has no WireGuard a bridge stands in for its device',
      },
      { number: 35, says: 'pods leave by a second uplink under strict rp_filter, and reach other pods by main' },
      { number: 36, says: 'with that uplink down pods fail closed, or use main where the document says so' },
      {
        number: 37,
        says: 'routing rules that vanish are back within a second; losing all of them is worth a word of advice',
        note: 'systemd-networkd itself does not run where tests run: the rules are flushed as it would',
      },
    ],
  },
  {
    title: 'Sysctls and interfaces',
    cases: [
      { number: 38, says: 'an advertised default route never disappears when forwarding is switched on' },
      { number: 39, says: 'accept_ra of all at 2 while the uplink has 1 is drift' },
      { number: 40, says: 'one interface that does not forward is drift, and fixed' },
      { number: 41, says: 'a pod reaches a Service on its own node again after bridge-nf-call-iptables was 0' },
      { number: 42, says: 'flannel.1 goes before the tunnel of Cilium comes' },
      { number: 43, says: 'a device is told by its kind, not by its name' },
    ],
  },
  {
    title: 'Clean-up',
    cases: [
      { number: 44, says: 'a hundred pods of a disabled policy controller go, with 400 sets, and nothing else moves' },
      { number: 45, says: 'rules that somebody writes meanwhile survive' },
      { number: 46, says: 'a controller that still runs is refused' },
      { number: 47, says: 'what widens access needs a confirmation' },
      { number: 48, says: 'only the exact rules of flannel 0.14 go' },
      { number: 49, says: "kubelet's chains stay when those of kube-proxy go" },
      { number: 50, says: 'dead hostPort chains go, and living ones answer throughout' },
      { number: 51, says: 'local delivery never breaks while the rules of Cilium go' },
      { number: 52, says: 'the undo brings the former state back' },
    ],
  },
  {
    title: 'Transactions and safety',
    cases: [
      {
        number: 53,
        says: 'what would block SSH is refused; what no guard can know is taken back when a probe fails',
        note: 'there is no switch that turns the guard off: the probe is tried with a change that the guard cannot judge',
      },
      { number: 54, says: 'killed at each phase the node is reachable within a second, and the change has ended' },
      {
        number: 55,
        says: 'stopped, the timer takes the change back, and the process that goes on does not confirm it',
      },
      { number: 56, says: 'after a power cut during the window the pending program is not in force' },
      { number: 57, says: 'a way back that fails is tried again, then everything of ours leaves the packet path' },
      { number: 58, says: 'an idle SSH session from before connection tracking survives a deny by state' },
      { number: 59, says: 'a translated connection survives the removal of all translation' },
      { number: 60, says: 'an IPv6 deny of everything leaves neighbour discovery alone' },
      { number: 61, says: 'probes that failed before the change take nothing back, and are reported' },
      {
        number: 62,
        says: 'with Git, API and program file gone, what was confirmed is enforced, after a restart too',
        note: 'nothing in it waits for an hour to pass',
      },
      { number: 63, says: 'of two appliers one is told that it is busy' },
      {
        number: 64,
        says: 'trial rules in a table that dies with its process are gone at once',
        notApplicable:
          'trials stand in the tables themselves, under a checkpoint that other processes watch: a table with an owner cannot hold chains of iptables',
      },
    ],
  },
  {
    title: 'Behaviour of user rules',
    cases: [
      { number: 65, says: 'a NodePort that is denied to a client answers pods and other nodes' },
      { number: 66, says: 'an exempted pod keeps its address, and a NodePort client is still translated' },
      {
        number: 67,
        says: 'so it is beside the other backend of iptables',
        note: 'the plane iptables stands in the backend of K3s; the same network masqueraded in the other backend needs the plane nft',
      },
      { number: 68, says: 'the segment size of a SYN is clamped in both families' },
      { number: 69, says: 'one entry of a long allow-list is one change of one set, and no rule is written' },
      { number: 70, says: 'input that iptables misunderstands is refused with its place, and starts no program' },
    ],
  },
]

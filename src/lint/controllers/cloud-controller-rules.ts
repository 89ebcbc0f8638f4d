import { type EffectiveSettings, isSwitchedOn, itemsOf, scalarOf } from '../../k3s/config/effective-settings.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { textAt } from '../flannel/json-object.ts'
import { podFamilies, podNetworkOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type NodeSubject, serversOf } from '../subject.ts'

const sources = ['k3s-io/k3s pkg/daemons/agent/agent_linux.go', 'k3s-io/docs docs/networking/networking-services.md']

/** K3s's cloud controller, which gives Nodes their addresses and runs ServiceLB. */
export const cloudControllerRules: readonly Rule[] = [
  {
    id: 'ctl-ccm-kubelet',
    severity: 'error',
    title: 'another cloud controller, and kubelets that do not wait for it',
    why: 'without its own cloud controller K3s no longer tells kubelets cloud-provider=external, and the other one never initialises the nodes',
    fix: 'write kubelet-arg: ["cloud-provider=external"] for every node (spec.components.cloudController.external does)',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'live'],
    sources,
    check: (subject) => {
      if (!isCloudControllerOff(subject) || externalControllerOf(subject) === undefined) return []
      return subject.nodes.flatMap((node) => waitFinding(node, subject))
    },
  },
  {
    id: 'ctl-ccm-nothing',
    severity: 'warning',
    title: 'no cloud controller at all',
    why: 'nobody writes the external addresses and DNS names of Nodes any more, and new Nodes keep the uninitialized taint if kubelets wait',
    fix: 'enable spec.components.cloudController, or say external: true and install the other one',
    versions: 'every version',
    looksAt: ['settings', 'manifests', 'live'],
    sources,
    check: (subject) => {
      // A machine alone does not show what is installed in the cluster.
      if (subject.scope === 'machine' && subject.facts.objects === undefined) return []
      if (!isCloudControllerOff(subject) || externalControllerOf(subject) !== undefined) return []
      return switchFindings(subject, 'the cloud controller of K3s is disabled and no other one is known')
    },
  },
  {
    id: 'ctl-ccm-dualstack',
    severity: 'error',
    title: 'dual-stack nodes whose kubelet is not told its addresses',
    why: 'K3s passes node-ip to the kubelet on nodes of one family only; with two families its cloud controller sets the addresses, and that is off',
    fix: 'write kubelet-arg: ["node-ip=IPV4,IPV6"] for every node, with its two addresses',
    versions: 'every version',
    looksAt: ['settings'],
    sources,
    check: (subject) => {
      const network = podNetworkOf(subject)
      if (network === undefined || podFamilies(network).length < 2 || !isCloudControllerOff(subject)) return []
      return subject.nodes.flatMap((node) =>
        kubeletArgument(node.settings, 'node-ip') === undefined
          ? [{ at: node.at, what: `${node.name} is dual-stack and has no kubelet-arg node-ip` }]
          : [],
      )
    },
  },
  {
    id: 'ctl-ccm-servicelb-same-step',
    severity: 'error',
    title: 'ServiceLB and the cloud controller turned off together',
    why: 'the cloud controller is what takes the pods of ServiceLB away; with both off they stay and keep their ports',
    fix: 'disable ServiceLB first, restart all servers, see the svclb DaemonSets gone, then disable the cloud controller',
    versions: '1.23.13 / 1.24.7 / 1.25.3 and later',
    looksAt: ['before', 'live', 'settings'],
    sources: ['k3s-io/k3s docs/adrs/servicelb-ccm.md'],
    check: (subject) => {
      const { before, version, facts } = subject
      if (before === undefined || version === undefined || !supports('servicelb-in-cloud-controller', version))
        return []
      if (isCloudControllerOff(before) || isServiceLbOff(before)) return []
      if (!isCloudControllerOff(subject) || !isServiceLbOff(subject)) return []
      const live = [...(facts.servicelbDaemonSets ?? []), ...(before.facts.servicelbDaemonSets ?? [])].length
      const services = [...subject.services, ...before.services].filter(
        ({ service }) => service.type === 'LoadBalancer',
      )
      if (live === 0 && services.length === 0) return []
      return switchFindings(
        subject,
        'ServiceLB and the cloud controller are disabled in one change, and there are LoadBalancer Services',
      )
    },
  },
]

/** At the argument that says otherwise, or at the node that has none. */
function waitFinding(node: NodeSubject, { desired }: LintSubject): readonly Finding[] {
  const written = kubeletArgument(node.settings, 'cloud-provider')
  if (written?.value === 'external') return []
  if (written === undefined) return [{ at: node.at, what: `${node.name} has no kubelet-arg cloud-provider=external` }]
  const { enabled = true, external = false } = desired?.cluster.spec.components.cloudController ?? {}
  const argument = `cloud-provider=${written.value}`
  return [
    {
      at: written.at,
      what: `kubelet-arg says ${argument}, and another cloud controller is to initialise the nodes`,
      why: 'kubelets wait for another cloud controller with cloud-provider=external only, and it never initialises nodes that do not wait',
      fix:
        !enabled && external
          ? `take ${argument} away; spec.components.cloudController.external writes cloud-provider=external`
          : 'write cloud-provider=external in its place',
    },
  ]
}

export function isServiceLbOff(subject: LintSubject): boolean {
  return serversOf(subject).some(({ settings }) =>
    itemsOf(settings, 'disable').some(({ text }) => text.trim() === 'servicelb'),
  )
}

function isCloudControllerOff(subject: LintSubject): boolean {
  return serversOf(subject).some(({ settings }) => isSwitchedOn(settings, 'disable-cloud-controller'))
}

function switchFindings(subject: LintSubject, what: string): readonly Finding[] {
  const server: NodeSubject | undefined = serversOf(subject).find(({ settings }) =>
    isSwitchedOn(settings, 'disable-cloud-controller'),
  )
  const at = server === undefined ? undefined : scalarOf(server.settings, 'disable-cloud-controller')?.at
  return at === undefined ? [] : [{ at, what }]
}

/** The name of another cloud controller: what the documents say, or an object that installs one. */
function externalControllerOf(subject: LintSubject): string | undefined {
  const written = subject.desired?.cluster.spec.components.cloudController
  if (written?.enabled === false && written.external) return 'external'
  const workload = /^(DaemonSet|Deployment|StatefulSet|HelmChart)$/
  return subject.objects.find(({ object }) => {
    const name = `${object.metadata.name} ${textAt(object, 'spec', 'chart') ?? ''}`
    return workload.test(object.kind) && /cloud-controller-manager|(^|[-/ ])ccm\b/.test(name)
  })?.object.metadata.name
}

/** The last of repeated ones wins. */
function kubeletArgument(
  settings: EffectiveSettings,
  name: string,
): { readonly value: string; readonly at: Finding['at'] } | undefined {
  return itemsOf(settings, 'kubelet-arg')
    .map(({ text, at }) => ({ text: text.replace(/^--/, ''), at }))
    .filter(({ text }) => text.startsWith(`${name}=`))
    .map(({ text, at }) => ({ value: text.slice(name.length + 1), at }))
    .at(-1)
}

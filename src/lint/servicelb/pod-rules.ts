import { longestServiceName } from '../../k3s/servicelb/daemonset-name.ts'
import { readTolerations } from '../../k3s/servicelb/tolerations.ts'
import { priorityClassAnnotation, tolerationsAnnotation } from '../../k3s/servicelb-labels.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, serversOf } from '../subject.ts'
import { readAnnotation } from './annotation-value.ts'
import { disablesServicelb, isServicelbOn, servicelbNamespace } from './cluster-to-come.ts'
import { type ServiceToCome, servedServices } from './services-to-come.ts'

const source = 'k3s-io/k3s pkg/cloudprovider/servicelb.go'

export const tolerationsInvalid: Rule = {
  id: 'slb-tolerations',
  severity: 'error',
  title: 'the tolerations annotation of a Service is not understood',
  why: 'K3s cannot make a DaemonSet of the Service: it stays pending, or as it was before',
  fix: 'write a list, as a pod has it: [{"key": "dedicated", "operator": "Exists"}]',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: [`${source} getTolerations`],
  check(subject) {
    const { version } = subject
    if (version === undefined) return []
    return served(subject).flatMap(({ service, key, at }): Finding[] => {
      const text = service.annotations?.[tolerationsAnnotation]
      if (text === undefined) return []
      const place = at('metadata', 'annotations', tolerationsAnnotation)
      if (!supports('servicelb-tolerations', version)) {
        return [{ at: place, what: `Service ${key} has tolerations, which ${version.text} does not read`, ...ignored }]
      }
      const read = readAnnotation(text)
      const outcome = read.ok ? readTolerations(read.value) : read
      return outcome.ok
        ? []
        : [{ at: place, what: `Service ${key} has tolerations that K3s refuses: ${outcome.error}` }]
    })
  },
}

const ignored = {
  why: 'the annotation is ignored: no pod of the Service comes to nodes with such taints',
  fix: 'upgrade K3s to 1.28.13, 1.29.8, 1.30.4 or later, or take the taints away',
}

export const priorityClassMissing: Rule = {
  id: 'slb-priority',
  severity: 'error',
  title: 'the PriorityClass that a Service names for its pods does not exist',
  why: 'the API server rejects every pod of the Service, so it stays pending',
  fix: 'make the PriorityClass, or take the annotation away',
  versions: '1.27.15 / 1.28.11 / 1.29.6 / 1.30.2 and later',
  looksAt: ['manifests', 'live'],
  sources: [`${source} getPriorityClassName`],
  check(subject) {
    const { version } = subject
    if (version === undefined || !supports('servicelb-priority-class', version)) return []
    const classes = subject.objects.filter(({ object }) => object.kind === 'PriorityClass')
    // Every cluster has some: where none is seen, nobody looked for them.
    if (!classes.some(({ origin }) => origin === 'live')) return []
    const names = new Set(classes.map(({ object }) => object.metadata.name))
    return served(subject).flatMap(({ service, key, at }): Finding[] => {
      const name = service.annotations?.[priorityClassAnnotation]
      if (name === undefined || name === '' || names.has(name) || name.startsWith('system-')) return []
      const place = at('metadata', 'annotations', priorityClassAnnotation)
      return [{ at: place, what: `Service ${key} names the PriorityClass ${JSON.stringify(name)}` }]
    })
  },
}

export const nameTooLong: Rule = {
  id: 'slb-name-length',
  severity: 'error',
  title: 'a Service whose name is too long for its DaemonSet',
  why: 'the name of the DaemonSet becomes a label of 63 characters at most: K3s cannot make it, and the Service stays pending',
  fix: 'shorten the name, or upgrade K3s to 1.28.13, 1.29.8, 1.30.4 or later',
  versions: 'before 1.28.13 / 1.29.8 / 1.30.4',
  looksAt: ['manifests', 'live'],
  sources: [`${source} generateName`],
  check(subject) {
    const longest = subject.version === undefined ? undefined : longestServiceName(subject.version)
    if (longest === undefined) return []
    return served(subject)
      .filter(({ service }) => service.name.length > longest)
      .map(({ service, key, at }) => ({
        at: at('metadata', 'name'),
        what: `the name of Service ${key} has ${service.name.length} characters, and there is room for ${longest}`,
      }))
  },
}

export const serverRefusesSysctl: Rule = {
  id: 'slb-server-sysctl',
  severity: 'error',
  title: 'ServiceLB is disabled on some servers and not on others',
  why: 'the servers that disable it refuse its pods (SysctlForbidden), and when one of them leads, it deletes every DaemonSet',
  fix: 'write the same disable list on every server',
  versions: 'every version',
  looksAt: ['settings'],
  sources: ['k3s-io/k3s pkg/daemons/agent/agent_linux.go'],
  check(subject) {
    const servers = serversOf(subject)
    const off = servers.filter(disablesServicelb)
    if (off.length === 0 || off.length === servers.length) return []
    const others = servers.filter((node) => !off.includes(node)).map((node) => node.name)
    return off.map((node) => ({
      at: node.settings.get('disable')?.values.find((value) => value.text.includes('servicelb'))?.at ?? node.at,
      what: `server ${node.name} disables ServiceLB, and ${others.join(', ')} does not`,
    }))
  },
}

export const namespaceRefusesPods: Rule = {
  id: 'slb-ns-psa',
  severity: 'error',
  title: 'the namespace of ServiceLB enforces a Pod Security level that refuses its pods',
  why: 'its pods need NET_ADMIN and forwarding sysctls, which baseline and restricted do not allow',
  fix: 'let the namespace enforce privileged, or choose another one with servicelb-namespace',
  versions: '1.23.8 / 1.24.2 and later',
  looksAt: ['manifests', 'live', 'settings'],
  sources: [source, 'kubernetes/website content/en/docs/concepts/security/pod-security-standards.md'],
  check(subject) {
    const { version } = subject
    if (version === undefined || !supports('servicelb-own-namespace', version) || !isServicelbOn(subject)) return []
    const namespace = servicelbNamespace(subject)
    return subject.objects.flatMap((found): Finding[] => {
      const { object } = found
      if (object.kind !== 'Namespace' || object.metadata.name !== namespace) return []
      const level = object.metadata.labels?.[enforceLabel]
      if (level !== 'baseline' && level !== 'restricted') return []
      const at = found.place(['metadata', 'labels', enforceLabel])
      return [{ at, what: `namespace ${namespace} enforces ${level}, and the pods of ServiceLB run there` }]
    })
  },
}

const enforceLabel = 'pod-security.kubernetes.io/enforce'

function served(subject: LintSubject): readonly ServiceToCome[] {
  return isServicelbOn(subject) ? servedServices(subject) : []
}

import { familyOf } from '../../domain/cidr.ts'
import { asList, asRecord } from '../../domain/plain-json.ts'
import { holdsPort, parsePortRange } from '../../k3s/addressing/port-range.ts'
import { itemsOf, scalarOf } from '../../k3s/config/effective-settings.ts'
import { defaultTexts } from '../../k3s/config/flag-defaults.ts'
import type { Finding, Rule } from '../rule.ts'
import { type LintSubject, type ObjectSubject, serversOf } from '../subject.ts'

const unappliable = 'the API server refuses the Service, and K3s tries the whole file again for ever'

export const serviceNodePort: Rule = {
  id: 'net-service-nodeport',
  severity: 'error',
  title: 'a Service that asks for a node port outside of the range',
  why: unappliable,
  fix: 'take a port of the range, or leave nodePort out',
  versions: 'every version',
  looksAt: ['manifests', 'settings'],
  sources: ['kubernetes/kubernetes pkg/registry/core/service/portallocator/allocator.go'],
  check(subject) {
    const text = nodePortsOf(subject)
    const range = text === undefined ? undefined : parsePortRange(text)
    if (range === undefined) return []
    return writtenServices(subject).flatMap((one) =>
      portsOf(one).flatMap(({ path, port }): Finding[] => {
        if (port === 0 || holdsPort(range, port)) return []
        return [{ at: one.place(path), what: `${nameOf(one)} asks for node port ${port}, and node ports are ${text}` }]
      }),
    )
  },
}

export const serviceFamilies: Rule = {
  id: 'net-service-families',
  severity: 'error',
  title: 'a Service of two address families on a cluster of one',
  why: unappliable,
  fix: 'write PreferDualStack, which takes the families that there are',
  versions: '1.21 and later',
  looksAt: ['manifests', 'settings'],
  sources: ['kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go'],
  check(subject) {
    const { version } = subject
    const [server] = serversOf(subject)
    if (version === undefined || version.minor < 21 || server === undefined) return []
    if (serversOf(subject).some(({ settings }) => bypasses(settings, 'service-cluster-ip-range'))) return []
    const written = itemsOf(server.settings, 'service-cidr').map(({ text }) => text)
    const ranges = written.length > 0 ? written : defaultTexts('service-cidr', server.settings)
    const families = new Set(ranges.map(familyOf))
    if (families.size !== 1) return []
    return writtenServices(subject).flatMap((one): Finding[] => {
      const { ipFamilyPolicy, type } = asRecord(one.object['spec'])
      if (ipFamilyPolicy !== 'RequireDualStack' || type === 'ExternalName') return []
      const what = `${nameOf(one)} requires two address families, and Services have ${ranges.join(', ')} only`
      return [{ at: one.place(['spec', 'ipFamilyPolicy']), what }]
    })
  },
}

/** Undefined where an argument of the API server says otherwise. */
function nodePortsOf(subject: LintSubject): string | undefined {
  const [server] = serversOf(subject)
  if (server === undefined) return undefined
  if (serversOf(subject).some(({ settings }) => bypasses(settings, 'service-node-port-range'))) return undefined
  const written = scalarOf(server.settings, 'service-node-port-range')?.text.trim()
  return written ?? defaultTexts('service-node-port-range', server.settings)[0]
}

function bypasses(settings: Parameters<typeof itemsOf>[0], argument: string): boolean {
  return itemsOf(settings, 'kube-apiserver-arg').some(({ text }) => text.replace(/^--/, '').startsWith(`${argument}=`))
}

/** What somebody wants to be applied; the API server has let the living ones pass. */
function writtenServices({ objects }: LintSubject): readonly ObjectSubject[] {
  return objects.filter(
    ({ object, origin }) => object.kind === 'Service' && object.apiVersion === 'v1' && origin !== 'live',
  )
}

function portsOf({ object }: ObjectSubject): { readonly path: (string | number)[]; readonly port: number }[] {
  const { ports, healthCheckNodePort } = asRecord(object['spec'])
  const all: { readonly path: (string | number)[]; readonly port: unknown }[] = [
    ...asList(ports).map((port, index) => ({
      path: ['spec', 'ports', index, 'nodePort'],
      port: asRecord(port)['nodePort'],
    })),
    { path: ['spec', 'healthCheckNodePort'], port: healthCheckNodePort },
  ]
  return all.flatMap(({ path, port }) => (typeof port === 'number' ? [{ path, port }] : []))
}

function nameOf({ object: { metadata } }: ObjectSubject): string {
  return `Service ${metadata.namespace ?? 'default'}/${metadata.name}`
}

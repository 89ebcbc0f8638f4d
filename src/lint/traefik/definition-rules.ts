import { traefikGroupOf } from '../../k3s/traefik/crd-groups.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { reaches } from '../../k3s/version/release-floors.ts'
import { chartsOf, isPackagedTraefik } from '../packaged/chart-overrides.ts'
import { isDisabled } from '../packaged/disabled-items.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, ObjectSubject } from '../subject.ts'
import { packagedTraefik } from './packaged-traefik.ts'

const gatewayGroup = 'gateway.networking.k8s.io'

/**
 * From chart 39.0.701 on the definitions of the Gateway API carry the annotation that keeps them; those of Traefik's own
 * kinds are not known to.
 * @see k3s-io/k3s#13921, #13922 (chart traefik-crd); k3s-networking §7.4, §11.2
 */
const gatewayDefinitionsKept = ['1.33.11', '1.34.7', '1.35.4', '1.36.0'] as const

export const gatewayApiOwner: Rule = {
  id: 'trf-gatewayapi-owner',
  severity: 'error',
  title: 'two installers of the Gateway API definitions, or their removal under live objects',
  why: 'the chart traefik-crd of K3s installs the definitions of the Gateway API; Helm refuses those that belong to somebody else, and takes its own away when Traefik is disabled',
  fix: 'leave the definitions to K3s, or disable Traefik and install both by other means',
  versions: '1.32.2 and later, below 1.37',
  looksAt: ['manifests', 'live', 'before'],
  sources: ['k3s-io/k3s-charts packages/traefik-crd', 'k3s-io/k3s#14557'],
  check(subject) {
    const { version } = subject
    if (version !== undefined && supports('gateway-api-crd', version)) return []
    return [...foreignDefinitions(subject), ...removedUnderGateways(subject)]
  },
}

export const definitionsRemoved: Rule = {
  id: 'trf-crd-deletion',
  severity: 'error',
  title: 'Traefik is disabled while objects of its kinds are there',
  why: 'the chart traefik-crd is uninstalled with it, its definitions go, and the API server deletes every object of their kinds',
  fix: 'save these objects and move them to another controller first, or annotate their definitions with helm.sh/resource-policy: keep',
  versions: '1.21 and later',
  looksAt: ['live', 'before'],
  sources: ['k3s-io/k3s-charts packages/traefik-crd'],
  check(subject) {
    if (!losesTraefik(subject)) return []
    const left = livingObjects(subject).filter(
      (found) =>
        traefikGroupOf(String(found.object.apiVersion)) !== undefined && !isOfChart(found) && !isKept(subject, found),
    )
    const [first] = left
    return first === undefined ? [] : [removal(subject, first, left.length)]
  },
}

function foreignDefinitions(subject: LintSubject): Finding[] {
  const traefik = packagedTraefik(subject)
  if (traefik === undefined || traefik.chartMajor < 34) return []
  return subject.objects.flatMap((object): Finding[] => {
    const { kind, metadata } = object.object
    if (kind !== 'CustomResourceDefinition' || !String(metadata.name).endsWith(`.${gatewayGroup}`)) return []
    const owner = metadata.annotations?.['meta.helm.sh/release-name']
    if (object.origin === 'live' && (metadata.annotations === undefined || owner === 'traefik-crd')) return []
    const whose = owner === undefined ? '' : ` and belongs to the Helm release ${owner}`
    return [
      {
        at: object.at,
        what: `the definition ${metadata.name} comes from somewhere else${whose}, and ${traefik.title} installs it too`,
      },
    ]
  })
}

function removedUnderGateways(subject: LintSubject): Finding[] {
  const was = subject.before === undefined ? undefined : packagedTraefik(subject.before)
  if (was === undefined || was.chartMajor < 34 || !losesTraefik(subject)) return []
  const version = subject.before?.version
  if (version !== undefined && reaches(gatewayDefinitionsKept, version)) return []
  const left = livingObjects(subject).filter(
    (found) => String(found.object.apiVersion).startsWith(`${gatewayGroup}/`) && !isKept(subject, found),
  )
  const [first] = left
  return first === undefined ? [] : [removal(subject, first, left.length)]
}

/** What is there now, with what these files write as well: it goes like all the others. */
function livingObjects({ objects, before }: LintSubject): readonly ObjectSubject[] {
  const living = [...objects, ...(before?.objects ?? [])].filter(({ origin }) => origin === 'live')
  return [...new Map(living.map((found) => [found.at.place.file, found])).values()]
}

function removal(subject: LintSubject, { object }: ObjectSubject, count: number): Finding {
  const at = subject.desired?.places.clusterPlace(['spec', 'components', 'traefik', 'enabled']) ?? subject.at
  const others = count > 1 ? ` and ${count - 1} more` : ''
  return {
    at,
    what: `Traefik is being disabled, and its definitions with it: ${object.kind} ${object.metadata.name}${others} would be deleted`,
  }
}

/** Traefik of K3s was there, with definitions of its own, and is no longer wanted. */
function losesTraefik(subject: LintSubject): boolean {
  const { before } = subject
  if (before === undefined || packagedTraefik(before) === undefined || !isDisabled(subject, 'traefik')) return false
  const { version } = before
  return version !== undefined && reaches(['1.21.0'], version)
}

/** Whether the definition of an object is there and says that Helm shall leave it. */
function isKept({ objects }: LintSubject, { object }: ObjectSubject): boolean {
  const [group = ''] = String(object.apiVersion).split('/')
  const kind = String(object.kind).toLowerCase()
  const names = [`${kind}s.${group}`, `${kind}es.${group}`]
  return objects.some(
    ({ object: { kind: other, metadata } }) =>
      other === 'CustomResourceDefinition' &&
      names.includes(String(metadata.name)) &&
      metadata.annotations?.['helm.sh/resource-policy'] === 'keep',
  )
}

/** What the chart itself made, and what Fairlead renders for it. */
function isOfChart({ object }: ObjectSubject): boolean {
  const { name, labels } = object.metadata
  return (
    labels?.['helm.sh/chart']?.startsWith('traefik-') === true || String(name).startsWith('fairlead-traefik-dashboard')
  )
}

export const version1Blocks: Rule = {
  id: 'trf-v1-block',
  severity: 'notice',
  title: 'a chart of Traefik v1 keeps K3s from installing a later one',
  why: 'K3s leaves its Traefik out as long as a HelmChart traefik of version 1 is there; from 1.30.2 on it no longer looks',
  fix: 'move the values to the later chart and delete the HelmChart',
  versions: '1.21.0 to 1.30.1',
  looksAt: ['manifests', 'live'],
  sources: ['k3s-io/k3s pkg/server/server.go'],
  check(subject) {
    const { version } = subject
    if (version === undefined || !supports('traefik-v1-guard', version)) return []
    return chartsOf(subject).flatMap((chart): Finding[] => {
      const source = chart.spec['chart']
      if (chart.kind !== 'HelmChart' || !isPackagedTraefik(chart) || typeof source !== 'string') return []
      if (!source.slice(source.lastIndexOf('/') + 1).startsWith('traefik-1.')) return []
      return [{ at: chart.at, what: 'HelmChart kube-system/traefik installs Traefik v1' }]
    })
  },
}

export const version1Port: Rule = {
  id: 'trf-port-8080',
  severity: 'warning',
  title: 'port 8080 of the nodes beside Traefik v1',
  why: 'Traefik v1 has its administration on port 8080 besides 80 and 443',
  fix: 'use another port, or disable Traefik',
  versions: '1.20 and earlier',
  looksAt: ['live'],
  sources: ['k3s-io/k3s manifests/traefik.yaml up to 1.20'],
  check(subject) {
    const traefik = packagedTraefik(subject)
    if (traefik === undefined || traefik.chartMajor >= 9) return []
    const pods = (subject.facts.hostPortPods ?? [])
      .filter(({ name, ports }) => !name.startsWith('traefik') && ports.some(isTcp8080))
      .map(({ namespace, name }) => ({ at: subject.at, what: `pod ${namespace}/${name} takes host port 8080` }))
    const services = subject.services
      .filter(({ service }) => service.ports?.some(({ nodePort }) => nodePort === 8080) === true)
      .map(({ service, at }) => ({ at, what: `Service ${service.namespace}/${service.name} has node port 8080` }))
    return [...pods, ...services]
  },
}

function isTcp8080({ protocol, port }: { readonly protocol: string; readonly port: number }): boolean {
  return protocol === 'TCP' && port === 8080
}

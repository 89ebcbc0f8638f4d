import type { ServiceFacts } from '../../domain/facts.ts'
import type { LocatedLine } from '../../domain/problem.ts'
import { isSwitchedOn, itemsOf } from '../../k3s/config/effective-settings.ts'
import { byCreation, ineligibilityOf, serviceKey } from '../../k3s/servicelb/eligibility.ts'
import { packagedTraefikService, traefikName } from '../../k3s/servicelb/packaged-traefik.ts'
import { poolLabel } from '../../k3s/servicelb-labels.ts'
import { readYamlMap } from '../../text/yaml-read.ts'
import { type LintSubject, type ObjectSubject, serversOf } from '../subject.ts'

/** A Service as it will be: what manifests say over what the cluster has, and the pool that the documents give it. */
export interface ServiceToCome {
  readonly service: ServiceFacts
  /** `namespace/name`. */
  readonly key: string
  /** In the cluster as it is. */
  readonly live?: ServiceFacts
  /** Nobody has seen it: the chart of the packaged Traefik will make it. */
  readonly isAssumed: boolean
  /** The nearest known place of a value of the object. */
  readonly at: (...path: (string | number)[]) => LocatedLine
}

const known = new WeakMap<LintSubject, readonly ServiceToCome[]>()

/** In the order of their age, once each. */
export function servicesToCome(subject: LintSubject): readonly ServiceToCome[] {
  const found = known.get(subject) ?? collect(subject)
  known.set(subject, found)
  return found
}

function collect(subject: LintSubject): readonly ServiceToCome[] {
  const byKey = new Map<string, ServiceToCome>()
  for (const { service, at, origin } of subject.services) {
    if (origin !== 'live') continue
    const key = serviceKey(service)
    byKey.set(key, { service, key, live: service, isAssumed: false, at: () => at })
  }
  const places = objectPlaces(subject)
  for (const { service, at, origin } of subject.services) {
    if (origin === 'live') continue
    const key = serviceKey(service)
    const live = byKey.get(key)?.live
    const object = places.get(key)
    byKey.set(key, {
      service: live === undefined ? service : merged(live, service),
      key,
      ...(live === undefined ? {} : { live }),
      isAssumed: false,
      at: (...path) => (object === undefined || path.length === 0 ? at : object.place(path)),
    })
  }
  const traefik = traefikToCome(subject, byKey.get(serviceKey(traefikName)))
  if (traefik !== undefined) byKey.set(traefik.key, traefik)
  const pools = poolsOfServices(subject)
  return [...byKey.values()]
    .map((one) => {
      const pool = one.key === serviceKey(traefikName) ? undefined : pools.get(one.key)
      return pool === undefined ? one : { ...one, service: labelled(one.service, pool) }
    })
    .sort((a, b) => byCreation(a.service, b.service))
}

/** Those that ServiceLB makes pods for, where it runs. */
export function servedServices(subject: LintSubject): readonly ServiceToCome[] {
  const { version } = subject
  if (version === undefined) return []
  return servicesToCome(subject).filter(({ service }) => ineligibilityOf(service, version) === undefined)
}

/** Applying a manifest keeps what it does not mention. */
export function merged(live: ServiceFacts, written: ServiceFacts): ServiceFacts {
  return {
    ...live,
    ...written,
    labels: { ...live.labels, ...written.labels },
    annotations: { ...live.annotations, ...written.annotations },
  }
}

function labelled(service: ServiceFacts, pool: string): ServiceFacts {
  return { ...service, labels: { ...service.labels, [poolLabel]: pool } }
}

function poolsOfServices({ desired }: LintSubject): ReadonlyMap<string, string> {
  const pools = desired?.cluster.spec.loadBalancer.pools ?? []
  return new Map(pools.flatMap((pool) => pool.services.map((service) => [serviceKey(service), pool.name] as const)))
}

function objectPlaces({ objects }: LintSubject): ReadonlyMap<string, ObjectSubject> {
  const services = objects.filter(({ object, origin }) => object.kind === 'Service' && origin !== 'live')
  return new Map(
    services.map((one) => {
      const { namespace = 'default', name } = one.object.metadata
      return [serviceKey({ namespace, name }), one]
    }),
  )
}

/** The Service of the packaged Traefik: with what its chart gets told, and assumed where nobody looked at Services. */
function traefikToCome(subject: LintSubject, seen: ServiceToCome | undefined): ServiceToCome | undefined {
  if (!deploysTraefik(subject)) return undefined
  const overrides = subject.objects.filter(
    ({ object: { kind, metadata } }) =>
      kind === 'HelmChartConfig' && metadata.name === traefikName.name && metadata.namespace === traefikName.namespace,
  )
  const override = overrides.findLast(({ origin }) => origin !== 'live') ?? overrides.at(-1)
  const expected = packagedTraefikService(override === undefined ? {} : valuesOf(override))
  const at = override === undefined ? (): LocatedLine => subject.at : () => override.at
  if (seen !== undefined) {
    if (expected === undefined || override === undefined) return seen
    const { labels, annotations = {} } = expected
    return { ...seen, at, service: merged(seen.service, { ...seen.service, labels, annotations }) }
  }
  const somebodyLooked = subject.facts.origin === 'capture' || subject.facts.services.length > 0
  if (somebodyLooked || expected === undefined) return undefined
  return { service: expected, key: serviceKey(expected), isAssumed: true, at }
}

function deploysTraefik(subject: LintSubject): boolean {
  return serversOf(subject).some(
    ({ settings }) =>
      !isSwitchedOn(settings, 'disable-helm-controller') &&
      !itemsOf(settings, 'disable').some((item) => item.text.trim() === 'traefik'),
  )
}

function valuesOf({ object }: ObjectSubject): Readonly<Record<string, unknown>> {
  const spec = recordIn(object['spec'])
  const { valuesContent } = spec
  return { ...recordIn(spec['values']), ...(typeof valuesContent === 'string' ? readYamlMap(valuesContent) : {}) }
}

function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

import type { Facts, KubernetesObject, NodeFacts, ServiceFacts } from '../../src/domain/facts.ts'
import type { LocatedLine } from '../../src/domain/problem.ts'
import type { EffectiveSettings, Setting } from '../../src/k3s/config/effective-settings.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import type { LintSubject, NodeSubject, ObjectSubject } from '../../src/lint/subject.ts'

type SettingLiteral = string | number | boolean | readonly string[]

/** A place that says what it stands for. */
export function at(file: string): LocatedLine {
  return { place: { file, line: 1, column: 1 } }
}

/** K3s's flags as they would stand in its configuration file. */
export function settings(values: Readonly<Record<string, SettingLiteral>>): EffectiveSettings {
  return new Map(
    Object.entries(values).map(([key, value]): [string, Setting] => {
      const texts = Array.isArray(value) ? value.map(String) : [String(value)]
      const place = at(`config.yaml#${key}`)
      return [key, { key, at: place, values: texts.map((text) => ({ text, at: place, origin: 'config-file' })) }]
    }),
  )
}

interface NodeLiteral extends Partial<Omit<NodeSubject, 'settings' | 'facts'>> {
  readonly settings?: Readonly<Record<string, SettingLiteral>>
  readonly facts?: Partial<NodeFacts>
}

export function node(literal: NodeLiteral = {}): NodeSubject {
  const { name = 'pi-1', role = 'server', facts, settings: values = {}, ...rest } = literal
  return {
    name,
    role,
    at: at(name),
    networks: [],
    ...rest,
    settings: settings(values),
    facts: { name, role, labels: {}, addresses: [], ...facts },
  }
}

export function object(value: KubernetesObject, origin: ObjectSubject['origin'] = 'repository'): ObjectSubject {
  const name = `${value.kind}/${value.metadata.name}`
  return { object: value, at: at(name), origin, place: (path) => at(`${name}#${path.join('.')}`) }
}

interface SubjectLiteral extends Partial<Omit<LintSubject, 'version' | 'facts' | 'services'>> {
  readonly version?: string
  readonly facts?: Partial<Facts>
  readonly services?: readonly ServiceFacts[]
}

/** A cluster of one server on v1.33.4+k3s1 without anything particular, from the parts that a test is about. */
export function subject(literal: SubjectLiteral = {}): LintSubject {
  const { version = 'v1.33.4+k3s1', nodes = [node()], facts, services = [], ...rest } = literal
  const parsed = parseK3sVersion(version)
  return {
    scope: 'repository',
    clusterName: 'home',
    at: at('clusters/home/network.yaml'),
    objects: [],
    manifests: [],
    ...rest,
    ...(parsed === undefined ? {} : { version: parsed }),
    nodes,
    services: services.map((service) => ({
      service,
      at: at(`Service/${service.namespace}/${service.name}`),
      origin: 'live',
    })),
    facts: { origin: 'live', nodes: nodes.map((one) => one.facts), services, ...facts },
  }
}

export function service(name: string, extra: Partial<ServiceFacts> = {}): ServiceFacts {
  return { namespace: 'default', name, type: 'LoadBalancer', labels: {}, ...extra }
}

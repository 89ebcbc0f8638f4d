import { traefikGroupOf } from '../../k3s/traefik/crd-groups.ts'
import { asRecord } from '../packaged/chart-overrides.ts'
import type { LintSubject, ObjectSubject } from '../subject.ts'

/** Objects that Traefik reads, of one kind or of all. */
export function traefikObjects(subject: LintSubject, kind?: string): readonly ObjectSubject[] {
  return subject.objects.filter(
    ({ object }) =>
      traefikGroupOf(String(object.apiVersion)) !== undefined && (kind === undefined || object.kind === kind),
  )
}

/** One `spec.routes[]` of an IngressRoute. */
export interface Route {
  readonly index: number
  readonly match: string
  readonly syntax?: string
  /** Names of services, as they are written. */
  readonly services: readonly string[]
  readonly middlewares: readonly MiddlewareReference[]
}

export interface MiddlewareReference {
  readonly index: number
  readonly name: string
  readonly namespace?: string
}

export function routesOf({ object }: ObjectSubject): readonly Route[] {
  return listOf(asRecord(object['spec'])['routes']).map((value, index) => {
    const { match, syntax, services, middlewares } = asRecord(value)
    return {
      index,
      match: typeof match === 'string' ? match : '',
      ...(typeof syntax === 'string' ? { syntax } : {}),
      services: listOf(services).flatMap((service) => textOf(asRecord(service)['name'])),
      middlewares: listOf(middlewares).flatMap((middleware, at): MiddlewareReference[] => {
        const { name, namespace } = asRecord(middleware)
        if (typeof name !== 'string') return []
        return [{ index: at, name, ...(typeof namespace === 'string' ? { namespace } : {}) }]
      }),
    }
  })
}

/** Undefined where none is written: then it is every default entry point. */
export function routeEntryPoints({ object }: ObjectSubject): readonly string[] | undefined {
  const { entryPoints } = asRecord(object['spec'])
  return Array.isArray(entryPoints) ? entryPoints.filter((name) => typeof name === 'string') : undefined
}

export function namespaceOf({ object }: ObjectSubject): string {
  return object.metadata.namespace ?? 'default'
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : []
}

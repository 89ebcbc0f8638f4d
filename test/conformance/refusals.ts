import { asRecord, type Json, textIn } from '../../src/domain/plain-json.ts'
import type { ClusterRefusal, ServedKind } from '../../src/plan/deploy/cluster-request.ts'
import { sameJson } from '../../src/plan/deploy/same-json.ts'

/** Refusals in the words of a Kubernetes API server, as far as the recordings show them. */
export function refused(status: number, reason: string, message: string): ClusterRefusal {
  return { ok: false, status, reason, message }
}

export const notServed = refused(404, 'NotFound', 'the server could not find the requested resource')

export function notFound(of: ServedKind, name: string): ClusterRefusal {
  return refused(404, 'NotFound', `${resource(of)} "${name}" not found`)
}

export function conflict(of: ServedKind, name: string): ClusterRefusal {
  const advice = 'the object has been modified; please apply your changes to the latest version and try again'
  return refused(409, 'Conflict', `Operation cannot be fulfilled on ${resource(of)} "${name}": ${advice}`)
}

export function invalid(of: ServedKind, name: string, what: string): ClusterRefusal {
  const group = of.groupVersion.includes('/') ? `.${of.groupVersion.split('/')[0]}` : ''
  return refused(422, 'Invalid', `${of.kind}${group} "${name}" is invalid: ${what}`)
}

export function invalidName(of: ServedKind, name: string): ClusterRefusal {
  const pattern = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
  return invalid(
    of,
    name,
    `metadata.name: Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${pattern}')`,
  )
}

/** What may not change, in words; undefined where nothing of the kind did. */
export function immutableChange(kind: string, live: Json, next: Json): string | undefined {
  const [before, after] = [asRecord(live['spec']), asRecord(next['spec'])]
  const fields: Readonly<Record<string, readonly (readonly [string, unknown, unknown])[]>> = {
    DaemonSet: [['spec.selector', before['selector'], after['selector']]],
    Deployment: [['spec.selector', before['selector'], after['selector']]],
    Job: [['spec.template', before['template'], after['template']]],
    Secret: [['type', live['type'], next['type']]],
    Service: [
      ['spec.clusterIP', textIn(before['clusterIP']), textIn(after['clusterIP']) ?? textIn(before['clusterIP'])],
    ],
  }
  const changed = (fields[kind] ?? []).find(([, was, is]) => !sameJson(was, is))
  return changed === undefined ? undefined : `${changed[0]}: Invalid value: field is immutable`
}

function resource({ groupVersion, plural }: ServedKind): string {
  return groupVersion.includes('/') ? `${plural}.${groupVersion.split('/')[0]}` : plural
}

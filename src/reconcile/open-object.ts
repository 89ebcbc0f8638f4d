import type { KubernetesObject } from '../domain/facts.ts'
import { secretMask } from '../domain/k3s-config-reading.ts'
import { lineOfSecretValue, withoutSecretValues } from '../text/secret-values.ts'

/** An object as it may be kept somewhere else: every text that seems to hold a secret masked. */
export function openObject(object: KubernetesObject): KubernetesObject {
  const { annotations = {}, labels = {}, name, namespace } = object.metadata
  const fields = Object.entries(object).filter(([field]) => field !== 'metadata' && field !== 'managedFields')
  return {
    ...Object.fromEntries(fields.map(([field, value]) => [field, openValue(field, value)])),
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels, annotations: openTexts(annotations) },
  }
}

/** Annotations; those that hold a whole object, packed or not, are left out. */
export function openTexts(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([key, text]): [string, string][] =>
      holdsObject.test(key) ? [] : [[key, openText(key, text)]],
    ),
  )
}

/** @see rancher/wrangler pkg/apply; kubernetes/kubectl pkg/util/apply.go */
const holdsObject = /^objectset\.rio\.cattle\.io\/applied$|last-applied-configuration$/

function openValue(field: string, value: unknown): unknown {
  if (typeof value === 'string') return openText(field, value)
  if (typeof value === 'number') return lineOfSecretValue(`${field}: ${value}`) === undefined ? value : secretMask
  if (Array.isArray(value)) return value.map((item) => openValue(field, item))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const name: unknown = 'name' in value ? value.name : undefined
  return Object.fromEntries(
    entries.map(([key, inner]) => [
      key,
      // A variable of a pod: its name says what the value is.
      key === 'value' && typeof name === 'string' && typeof inner === 'string'
        ? openText(name, inner)
        : openValue(key, inner),
    ]),
  )
}

function openText(field: string, text: string): string {
  // Values of a chart may be JSON on one line, and stay readable without what is secret in them.
  if (text.includes('\n') || text.startsWith('{')) {
    if (lineOfSecretValue(`${field}: Any_value`) !== undefined) return secretMask
  } else if (lineOfSecretValue(`${field}: ${text}`) !== undefined) return secretMask
  if (lineOfSecretValue(text) === undefined) return text
  const open = withoutSecretValues(text)
  return lineOfSecretValue(open) === undefined ? open : secretMask
}

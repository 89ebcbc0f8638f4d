import { isDeployable } from '../../k3s/manifest-rules.ts'
import { type ManifestObject, objectsOfFile } from '../../text/manifest-objects.ts'
import type { Finding, Rule } from '../rule.ts'
import { isRecord } from './chart-overrides.ts'
import { userManifests } from './manifest-names.ts'

export const labelNotText: Rule = {
  id: 'object-label-not-text',
  severity: 'error',
  title: 'a label or an annotation whose value is no text',
  why: 'Kubernetes takes text only: it refuses the object, or takes it without any of these labels',
  fix: 'write the value in quotes',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: [
    'kubernetes/apimachinery pkg/apis/meta/v1/types.go (ObjectMeta), pkg/apis/meta/v1/unstructured/helpers.go',
    'kubernetes/website content/en/docs/concepts/overview/working-with-objects/labels.md',
  ],
  // The objects of a subject have the labels that are text alone, so this looks at what is written.
  check: (subject) =>
    userManifests(subject)
      .filter(({ name }) => isDeployable(name))
      .flatMap((manifest) => objectsOfFile(manifest).flatMap(wrongValues)),
}

function wrongValues(object: ManifestObject): readonly Finding[] {
  const { kind, name, value: written } = object
  return textMaps.flatMap((path) => {
    const map = path.reduce((value: unknown, step) => (isRecord(value) ? value[step] : undefined), written)
    return Object.entries(isRecord(map) ? map : {}).flatMap(([key, value]): Finding[] => {
      // Nothing at all is taken for an empty text.
      if (typeof value === 'string' || value === null || value === undefined) return []
      const what = `${key} in ${path.at(-1)} of ${kind} ${name} is ${kindOf(value)}`
      return [{ at: object.locate([...path, key]), what }]
    })
  })
}

const textMaps: readonly (readonly string[])[] = [
  ['metadata', 'labels'],
  ['metadata', 'annotations'],
  ['spec', 'template', 'metadata', 'labels'],
  ['spec', 'template', 'metadata', 'annotations'],
]

function kindOf(value: unknown): string {
  if (typeof value === 'boolean' || typeof value === 'number') return `the ${typeof value} ${value}`
  return Array.isArray(value) ? 'a list' : 'a mapping'
}

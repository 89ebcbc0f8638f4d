import type { LocatedLine } from '../../domain/problem.ts'
import type { Finding, Rule } from '../rule.ts'
import type { ObjectSubject } from '../subject.ts'
import { chartsOf, isRecord } from './chart-overrides.ts'

export const templateLeftover: Rule = {
  id: 'template-leftover',
  severity: 'warning',
  title: 'a placeholder that nobody fills in',
  why: 'K3s applies what is written, with the placeholder in it',
  fix: 'put the value in the place of the placeholder',
  versions: 'every version',
  looksAt: ['manifests'],
  sources: ['k3s-io/k3s pkg/deploy/controller.go', 'k3s-io/helm-controller pkg/controllers/chart/chart.go'],
  check(subject) {
    const found = [
      ...chartsOf(subject).flatMap(({ kind, name, origin, values, spec }): Finding[] => {
        const text = spec['valuesContent']
        const [first] = values.filter(({ field }) => field === 'valuesContent')
        if (origin === 'live' || first === undefined) return []
        const written = typeof text === 'string' ? text : documentText(subject, name)
        const placeholder = written === undefined ? undefined : firstPlaceholder(written)
        return placeholder === undefined
          ? []
          : [
              {
                at: first.place([]),
                what: `valuesContent of ${kind} ${name} holds ${placeholder}`,
                why: 'Helm puts nothing in its place; only a program in the pod may do that with its own configuration',
              },
            ]
      }),
      ...subject.objects.flatMap((one) => (one.origin === 'live' ? [] : inFields(one))),
    ]
    return firstOfEachFile(found)
  },
}

function documentText({ desired }: Parameters<Rule['check']>[0], name: string): string | undefined {
  return desired?.cluster.spec.helmChartConfigs.find((one) => one.name === name)?.valuesContent
}

/** `${VERSION}` as `envsubst` takes it, outside of comments; the text of a shell's default is left out. */
function firstPlaceholder(text: string): string | undefined {
  const written = text.replace(/(^|\s)#.*$/gm, '')
  return /\$\{[A-Z][A-Z0-9_]+\}/.exec(written)?.[0]
}

/** Fields that Kubernetes and K3s take as they are; elsewhere a program in a pod may fill it in. */
const literalFields: ReadonlySet<string> = new Set([
  ...[
    'name',
    'namespace',
    'targetNamespace',
    'image',
    'host',
    'clusterIP',
    'loadBalancerIP',
    'chart',
    'repo',
    'version',
  ],
])

function inFields(one: ObjectSubject): readonly Finding[] {
  const { kind, metadata } = one.object
  const search = (value: unknown, path: readonly (string | number)[]): Finding | undefined => {
    if (typeof value === 'string') {
      if (!literalFields.has(String(path.at(-1)))) return undefined
      const placeholder = firstPlaceholder(value)
      const what = `${path.join('.')} of ${kind} ${metadata.name} holds ${placeholder}`
      return placeholder === undefined ? undefined : { at: one.place(path), what }
    }
    const parts = Array.isArray(value) ? [...value.entries()] : isRecord(value) ? Object.entries(value) : []
    for (const [key, part] of parts) {
      const found = search(part, [...path, key])
      if (found !== undefined) return found
    }
    return undefined
  }
  const { metadata: head, spec } = one.object
  const found = search(head, ['metadata']) ?? search(spec, ['spec'])
  return found === undefined ? [] : [found]
}

/** A file that was copied without being filled in has many of them. */
function firstOfEachFile(found: readonly Finding[]): readonly Finding[] {
  const lineOf = ({ place }: LocatedLine): number => place.line
  const first = new Map<string, Finding>()
  for (const finding of found) {
    const { file } = finding.at.place
    const known = first.get(file)
    if (known === undefined || lineOf(finding.at) < lineOf(known.at)) first.set(file, finding)
  }
  return [...first.values()]
}

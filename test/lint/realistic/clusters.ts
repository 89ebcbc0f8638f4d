import { fileURLToPath } from 'node:url'
import { openCheckout } from '../../../src/adapters/checkout/checkout-reader.ts'
import { assumedFacts, type Facts } from '../../../src/domain/facts.ts'
import type { Problem } from '../../../src/domain/problem.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { capturedSubject } from '../../../src/reconcile/captured-subject.ts'
import { type Linted, lintRevision } from '../../../src/reconcile/lint-revision.ts'
import { liveFacts } from '../../lab/live-cluster.ts'
import { textRepository } from '../../lab/text-repository.ts'
import type { Change } from './mistake.ts'

/** test/fixtures is the repository: its clusters/ holds one directory for each cluster. */
export const repository = openCheckout(fileURLToPath(new URL('../../fixtures', import.meta.url)))
export const signal = new AbortController().signal

export type ClusterTexts = ReadonlyMap<string, string | Uint8Array>

/** The files of a cluster directory, by their path in the repository. */
export async function clusterTexts(name: string): Promise<ClusterTexts> {
  const files = await repository.readDirectory(`clusters/${name}`, signal)
  return new Map(files.map(({ path, bytes = new Uint8Array() }) => [path, bytes]))
}

export function lintTexts(name: string, texts: ClusterTexts, facts: Facts = assumedFacts): Promise<Linted> {
  return lintRevision(textRepository(texts), `clusters/${name}`, facts, {}, signal)
}

/** The same files with the change in one of them. */
export function withChange(texts: ClusterTexts, { on, file = 'network.yaml', from, to }: Change): ClusterTexts {
  const path = `clusters/${on}/${file}`
  const was = texts.get(path)
  if (from === undefined) {
    if (was !== undefined) throw new Error(`${path} is there already`)
    return new Map([...texts, [path, to]])
  }
  const text = was === undefined ? '' : Buffer.from(was).toString()
  if (!text.includes(from)) throw new Error(`${path} does not say ${JSON.stringify(from)}`)
  return new Map([...texts, [path, text.replace(from, () => to)]])
}

/** What the API of a cluster shows that runs as these files say. */
export async function factsOfTexts(name: string, texts: ClusterTexts): Promise<Facts | undefined> {
  const linted = await lintTexts(name, texts)
  return linted.kind === 'linted' ? liveFacts(linted.desired, linted.subject) : undefined
}

/** The living cluster without its repository. */
export function captureOf(name: string, facts: Facts): LintSubject {
  return capturedSubject({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Capture',
    metadata: { name, capturedAt: '2026-01-01T00:00:00Z', fairleadVersion: '0.1.0' },
    facts,
    observations: {},
    inventories: {},
  })
}

/** Findings without those that say what this version does not act on yet. */
export function told(problems: readonly Problem[]): readonly Problem[] {
  return problems.filter(({ code }) => code !== 'NOT_ENFORCED')
}

export function codesOf(problems: readonly Problem[]): string[] {
  return [...new Set(told(problems).map(({ code }) => code))].sort()
}

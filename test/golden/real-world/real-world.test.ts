import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assumedFacts } from '../../../src/domain/facts.ts'
import type { Problem } from '../../../src/domain/problem.ts'
import { compileRevision } from '../../../src/reconcile/compile-revision.ts'
import { textRepository } from '../../lab/text-repository.ts'
import { findingsByFile } from './findings-by-file.ts'

const folder = new URL('../../fixtures/real-world', import.meta.url).pathname
const names = readdirSync(folder).sort()

const network = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec: { k3sVersion: v1.33.6+k3s1 }
`

/** What validate says of a repository that has this file in manifests/. */
async function problemsOf(name: string, content: string | Uint8Array): Promise<readonly Problem[]> {
  const reader = textRepository(
    new Map<string, string | Uint8Array>([
      ['clusters/home/network.yaml', network],
      [`clusters/home/manifests/${name}`, content],
    ]),
  )
  const compiled = await compileRevision(reader, 'clusters/home', assumedFacts, new AbortController().signal)
  expect(compiled.kind === 'refused').toBe(compiled.problems.some(({ severity }) => severity === 'error'))
  return compiled.problems
}

test('every file has an entry in the table', () => {
  expect(Object.keys(findingsByFile).sort()).toEqual(names)
})

test.each(Object.entries(findingsByFile))('%s', async (name, expected) => {
  const problems = await problemsOf(name, readFileSync(join(folder, name)))
  const shown = problems.map(
    ({ code, severity, place, what }) =>
      `${place.file.replace(/.*\//, '')}:${place.line}:${place.column} ${severity} ${code} ${what}`,
  )
  expect(shown).toEqual(expected.map((line) => `${name}:${line}`))
})

describe('what is left of a file after an accident', () => {
  const anyFile = fc.constantFrom(...names).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

  test('is read or refused at a place inside of it, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyFile, fc.nat(), async ({ name, text }, at) => {
        await expectPlaces(name, text.slice(0, at % (text.length + 1)))
      }),
      { numRuns: 200 },
    )
  })

  test('is read or refused at a place inside of it, whatever stands in it', async () => {
    const intruder = fc.constantFrom('\t', '{{', '}}', '---\n', '|', '"', '\u0000', '\r', '*', '&a ', '- ', ': ', '# ')
    await fc.assert(
      fc.asyncProperty(anyFile, fc.nat(), intruder, async ({ name, text }, at, put) => {
        const offset = at % (text.length + 1)
        await expectPlaces(name, text.slice(0, offset) + put + text.slice(offset))
      }),
      { numRuns: 200 },
    )
  })

  async function expectPlaces(name: string, text: string): Promise<void> {
    const lines = text.split('\n')
    for (const { place } of await problemsOf(name, text)) {
      if (place.file !== `clusters/home/manifests/${name}`) continue
      const line = lines[place.line - 1]
      expect(line, `line ${place.line} of ${JSON.stringify(text)}`).toBeDefined()
      expect(place.column).toBeLessThanOrEqual((line?.length ?? 0) + 1)
    }
  }
})

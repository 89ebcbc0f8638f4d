import { expect, test } from 'vitest'
import { isSecretKey } from '../../src/domain/k3s-config-reading.ts'
import { type EffectiveSettings, effectiveSettings } from '../../src/k3s/config/effective-settings.ts'
import { k3sPaths } from '../../src/k3s/locations.ts'
import { knownFacts } from '../../src/reconcile/known-facts.ts'
import { repositorySubject } from '../../src/reconcile/lint-repository.ts'
import { loadDesired } from '../../src/reconcile/load-desired.ts'
import { renderNodeProgram } from '../../src/render/node-program.ts'
import { readK3sConfigFile } from '../../src/text/k3s-config-file.ts'
import { goldenCases } from './golden-cases.ts'

test.each(goldenCases())('$name: K3s reads from the drop-in what the rules looked at', async (golden) => {
  const { signal } = new AbortController()
  const loaded = await loadDesired(golden.reader, golden.clusterDirectory, signal)
  // Documents that cannot be read have no settings; golden.test.ts holds what is said of them.
  if (loaded.kind === 'refused') return
  const facts = knownFacts(loaded.desired, golden.facts)
  const { nodes } = repositorySubject(loaded.desired, facts)
  for (const node of facts.nodes) {
    const { files } = renderNodeProgram(loaded.desired, node)
    const read = files
      .filter(({ path }) => path === k3sPaths.managedDropIn)
      .map(({ path, text }) => readK3sConfigFile(path, text))
    expect(read.flatMap(({ problems }) => problems)).toEqual([])
    const reading = { files: read.map(({ file }) => file), ignoredFiles: [], arguments: [], environment: [] }
    const subject = nodes.find(({ name }) => name === node.name)
    expect(textsOf(effectiveSettings(reading))).toEqual(textsOf(subject?.settings ?? new Map()))
  }
})

/** The reading of a file holds no secrets, so they are left out of both. */
function textsOf(settings: EffectiveSettings): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    [...settings]
      .filter(([key]) => !isSecretKey(key))
      .map(([key, { values }]) => [key, values.map(({ text }) => text)]),
  )
}

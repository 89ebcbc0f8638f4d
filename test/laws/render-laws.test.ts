import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { findFlag, isKnownTo, longNameOf } from '../../src/k3s/flags/flag-catalogue.ts'
import { supports } from '../../src/k3s/version/feature-gates.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import { clusterNetworkSchema } from '../../src/schema/cluster-network.ts'
import { toYaml } from '../../src/text/yaml-print.ts'
import { writtenCluster } from './arbitrary-documents.ts'
import { clusterDirectory, compile, flagsOf, render, textsOf, unplaced } from './compiled-clusters.ts'

// A hundred clusters are rendered in each of them, on a busy machine too.
vi.setConfig({ testTimeout: 60_000 })

const anyCluster = writtenCluster({ ownFlags: true })
const clusterOfFields = writtenCluster({ ownFlags: false })

test('the same documents give the same bytes and the same findings', async () => {
  await fc.assert(
    fc.asyncProperty(anyCluster, async (cluster) => {
      const texts = textsOf(cluster)
      expect(JSON.stringify(await compile(texts))).toBe(JSON.stringify(await compile(texts)))
      const [first, second] = [await render(texts), await render(texts)]
      expect(JSON.stringify([second.nodes, second.cluster])).toBe(JSON.stringify([first.nodes, first.cluster]))
    }),
    { numRuns: 60 },
  )
})

test('the order of keys in a document changes no byte of what is rendered, and no finding', async () => {
  await fc.assert(
    fc.asyncProperty(anyCluster, fc.nat(), async (cluster, seed) => {
      const texts = textsOf(cluster)
      const turnedTexts = textsOf(cluster, (value) => JSON.stringify(turnKeys(value, seed), undefined, 1))
      const [written, turned] = [await render(texts), await render(turnedTexts)]
      expect(JSON.stringify([turned.nodes, turned.cluster])).toBe(JSON.stringify([written.nodes, written.cluster]))
      expect(unplaced((await compile(turnedTexts)).problems)).toEqual(unplaced((await compile(texts)).problems))
    }),
    { numRuns: 100 },
  )
})

test('a checked document that is printed and read again is the same document', async () => {
  await fc.assert(
    fc.asyncProperty(anyCluster, async ({ network }) => {
      const checked = clusterNetworkSchema.parse(network)
      const text = toYaml(checked)
      const { desired } = await render(new Map([[`${clusterDirectory}/network.yaml`, text]]))
      expect(desired.cluster).toEqual(checked)
      expect(toYaml(desired.cluster)).toBe(text)
    }),
    { numRuns: 100 },
  )
})

test('an agent is given only flags that k3s agent of its release knows, or the revision is refused over each', async () => {
  await fc.assert(
    fc.asyncProperty(anyCluster, async (cluster) => {
      const texts = textsOf(cluster)
      const [{ nodes }, { problems }] = [await render(texts), await compile(texts)]
      for (const program of nodes.filter(({ role }) => role === 'agent')) {
        const version = parseK3sVersion(program.k3sVersion)
        for (const key of Object.keys(flagsOf(program))) {
          const flag = findFlag(key)
          if (flag !== undefined && isKnownTo(flag, 'agent', version)) continue
          const told = problems.some(({ severity, what }) => severity === 'error' && what.includes(key))
          expect(told, `${key} on ${program.k3sVersion}`).toBe(true)
        }
      }
    }),
    { numRuns: 120 },
  )
})

test('a field of the documents never becomes a flag of servers on an agent', async () => {
  await fc.assert(
    fc.asyncProperty(clusterOfFields, async (cluster) => {
      const { nodes } = await render(textsOf(cluster))
      const keys = nodes.filter(({ role }) => role === 'agent').flatMap((program) => Object.keys(flagsOf(program)))
      expect(keys.filter((key) => findFlag(key, 'agent') === undefined)).toEqual([])
    }),
    { numRuns: 120 },
  )
})

test('a field never becomes a flag that the release does not know without a finding', async () => {
  await fc.assert(
    fc.asyncProperty(clusterOfFields, async (cluster) => {
      const texts = textsOf(cluster)
      const [{ nodes }, { problems }] = [await render(texts), await compile(texts)]
      for (const program of nodes) {
        const version = parseK3sVersion(program.k3sVersion)
        if (version === undefined) throw new Error(program.k3sVersion)
        const flags = Object.entries(flagsOf(program))
        // Such a release reads no drop-in at all.
        if (flags.length > 0 && !supports('drop-in-folder', version)) {
          expect(problems.map(({ code }) => code)).toContain('CFG_FILE_UNSUPPORTED')
          continue
        }
        for (const [key] of flags) {
          const flag = findFlag(key)
          const isKnown = flag !== undefined && isKnownTo(flag, program.role, version)
          const isTold = problems.some(({ what }) => what.includes(key))
          expect(isKnown || isTold, `${key} for ${program.role} ${program.k3sVersion}`).toBe(true)
        }
      }
    }),
    { numRuns: 120 },
  )
})

test('a drop-in never has two names of one flag, whichever of them the documents use', async () => {
  await fc.assert(
    fc.asyncProperty(anyCluster, async (cluster) => {
      const { nodes } = await render(textsOf(cluster))
      for (const program of nodes) {
        const names = Object.keys(flagsOf(program)).map(longNameOf)
        expect(new Set(names).size).toBe(names.length)
      }
    }),
    { numRuns: 100 },
  )
})

test('a list flag is a list in the drop-in, and no key ends in +', async () => {
  await fc.assert(
    fc.asyncProperty(anyCluster, async (cluster) => {
      const { nodes } = await render(textsOf(cluster))
      for (const [key, value] of nodes.flatMap((program) => Object.entries(flagsOf(program)))) {
        expect(key.endsWith('+'), key).toBe(false)
        if (findFlag(key)?.type === 'list') expect(Array.isArray(value), key).toBe(true)
      }
    }),
    { numRuns: 120 },
  )
})

/** The same value with the keys of every mapping in another order. */
function turnKeys(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => turnKeys(item, seed))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [key, turnKeys(item, seed)])
  const by = entries.length === 0 ? 0 : seed % entries.length
  const turned = [...entries.slice(by), ...entries.slice(0, by)]
  return Object.fromEntries(seed % 2 === 0 ? turned : turned.toReversed())
}

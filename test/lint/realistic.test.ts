import { describe, expect, test } from 'vitest'
import { assumedFacts } from '../../src/domain/facts.ts'
import type { Problem } from '../../src/domain/problem.ts'
import { allRules } from '../../src/lint/catalogue.ts'
import { runRules } from '../../src/lint/run-rules.ts'
import { compileRevision } from '../../src/reconcile/compile-revision.ts'
import { lintRevision } from '../../src/reconcile/lint-revision.ts'
import { textRepository } from '../lab/text-repository.ts'
import {
  type ClusterTexts,
  captureOf,
  clusterTexts,
  codesOf,
  factsOfTexts,
  lintTexts,
  repository,
  signal,
  told,
  withChange,
} from './realistic/clusters.ts'
import { documentMistakes } from './realistic/document-mistakes.ts'
import { harmlessChanges } from './realistic/harmless-changes.ts'
import type { Mistake } from './realistic/mistake.ts'
import { networkMistakes } from './realistic/network-mistakes.ts'
import { packagedMistakes } from './realistic/packaged-mistakes.ts'
import { serviceMistakes } from './realistic/service-mistakes.ts'

/** Every correct cluster of test/fixtures/clusters, with the warnings that it deserves, and why. */
const clusters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'air-gapped': {},
  'calico-chart': {},
  'calico-ebpf': {},
  'calico-manifest': {},
  canal: {},
  'charts-of-all-kinds': {},
  'cilium-kpr': {},
  'clouds-wireguard': {},
  'dns-zones': {},
  'dual-v4first': {},
  'dual-v6first': {},
  'edge-flags': {},
  'external-cloud': {},
  fleet: {},
  'ha-office': {},
  'home-pi': {},
  'ipv6-only': {},
  'kube-router': {},
  metallb: {},
  'multus-macvlan': {},
  newest: {},
  'old-wireguard': { VER_WIREGUARD_LEGACY: 'K3s warns about the backend at every start of this release' },
  'own-ingress': {},
  'strict-firewall': {},
  'subnet-hostgw': {},
  tailnet: {},
  'traefik-10': { SLB_LOCAL_OLD: 'ServiceLB of 1.21 does not know Local, so client addresses are lost' },
  'traefik-20': {},
  'traefik-25': {},
  'traefik-27': {},
  'traefik-34': {},
  'traefik-37': {},
  'traefik-39': {},
  'traefik-40': {},
  'traefik-v1': { CFG_FILE_UNSUPPORTED: 'K3s 1.20 reads no drop-in, so the flags cannot be put in place' },
  'two-pools': {},
}

test('every cluster of the fixtures is looked at', async () => {
  const files = await repository.readDirectory('clusters', signal)
  expect([...new Set(files.flatMap(({ path }) => path.split('/')[1] ?? []))].sort()).toEqual(
    Object.keys(clusters).sort(),
  )
})

describe.each(Object.entries(clusters))('%s', (name, deserved) => {
  const directory = `clusters/${name}`

  test('compiles from its documents alone', async () => {
    const compiled = await compileRevision(repository, directory, assumedFacts, signal)
    expect(shown(compiled.problems, deserved)).toEqual([])
    expect(compiled.kind).toBe('compiled')
    expect(codesOf(compiled.problems)).toEqual(Object.keys(deserved).sort())
  })

  test('compiles beside the living cluster, before which it changes nothing', async () => {
    const facts = await living(name)
    const linted = await lintRevision(repository, directory, facts, {}, signal)
    expect(shown(linted.problems, deserved)).toEqual([])
    const beside = await lintRevision(repository, directory, facts, { before: captureOf(name, facts) }, signal)
    expect(shown(beside.problems, deserved)).toEqual([])
  })

  test('is sound as a capture without its repository', async () => {
    expect(shown(runRules(allRules, captureOf(name, await living(name))), deserved)).toEqual([])
  })
})

const mistakes: readonly Mistake[] = [...documentMistakes, ...networkMistakes, ...packagedMistakes, ...serviceMistakes]

describe('a single slip is found where it was made', () => {
  test.each(mistakes)('$name ($on)', async (mistake) => {
    const { on, file = 'network.yaml', atFile = file, code, says, also = [] } = mistake
    const good = await clusterTexts(on)
    const bad = withChange(good, mistake)
    const facts = mistake.facts === 'live' ? await factsOfTexts(on, good) : undefined
    const [before, after] = [await lintTexts(on, good, facts), await lintTexts(on, bad, facts)]
    const known = new Set(codesOf(before.problems))
    expect(codesOf(after.problems).filter((found) => !known.has(found))).toEqual([code, ...also].sort())
    const found = after.problems.filter((problem) => problem.code === code)
    const lines = found.map(({ place }) => `${place.file}: ${lineOf(bad, place)}`)
    expect(lines).toContainEqual(expect.stringContaining(mistake.at))
    const path = `clusters/${on}/${atFile}`
    const here = found.find(({ place }) => place.file === path && lineOf(bad, place).includes(mistake.at))
    expect(here?.place.file, lines.join('\n')).toBe(path)
    expect(`${here?.what}\n${here?.why}\n${here?.fix}`).toContain(says)
  })
})

describe('rules that would close the ports of the nodes to each other have no finding, for failsafes come first', () => {
  test.each(harmlessChanges)('$name ($on)', async (change) => {
    const changed = withChange(await clusterTexts(change.on), change)
    const facts = await factsOfTexts(change.on, changed)
    expect(facts).toBeDefined()
    const { problems } = await lintTexts(change.on, changed, facts)
    expect(told(problems).map(print)).toEqual([])
    const compiled = await compileRevision(textRepository(changed), `clusters/${change.on}`, assumedFacts, signal)
    expect(compiled.kind).toBe('compiled')
  })
})

/** Slips after which the cluster stays as it is until somebody has done more than push a revision. */
const notMended: Readonly<Record<string, string>> = {
  'one name for two machines': 'the API has one Node of a name',
  'two families in a release from before them': 'nodes run the old release until somebody upgrades them',
  'a backend that the release does not have yet': 'nodes run the old release until somebody upgrades them',
  'a Service on the port of the packaged Traefik': 'nothing tells who made the Service, and it holds the port',
  'a Service on the port of the kubelet': 'nothing tells who made the Service, and it holds the port',
  'a pool as an annotation': 'nothing tells who wrote the annotation, and applying keeps those of others',
}

describe('the revision that mends a slip is not kept out by what is left of it in the cluster', () => {
  test.each(mistakes.filter(({ name }) => !Object.hasOwn(notMended, name)))('$name ($on)', async (mistake) => {
    const good = await clusterTexts(mistake.on)
    const facts = await factsOfTexts(mistake.on, withChange(good, mistake))
    // What cannot be read never reached a cluster.
    if (facts === undefined) return
    const { problems } = await lintTexts(mistake.on, good, facts)
    expect(problems.filter(({ severity }) => severity === 'error').map(print)).toEqual([])
  })
})

async function living(name: string) {
  const facts = await factsOfTexts(name, await clusterTexts(name))
  if (facts === undefined) throw new Error(`${name} cannot be read`)
  return facts
}

/** Findings that nobody expects. */
function shown(problems: readonly Problem[], deserved: Readonly<Record<string, string>>): string[] {
  return told(problems)
    .filter(({ code }) => !Object.hasOwn(deserved, code))
    .map(print)
}

function print({ severity, code, place, what }: Problem): string {
  return `${place.file}:${place.line} ${severity} ${code} ${what}`
}

function lineOf(texts: ClusterTexts, { file, line }: Problem['place']): string {
  const text = texts.get(file)
  return (text === undefined ? '' : Buffer.from(text).toString()).split('\n')[line - 1] ?? ''
}

import { describe, expect, test } from 'vitest'
import type { FileArtefact } from '../../src/domain/artefact.ts'
import { Failure } from '../../src/domain/failure.ts'
import { type PlannedNode, planNode } from '../../src/plan/plan-node.ts'
import type { SecretsPort } from '../../src/ports/secrets-port.ts'
import {
  lockCaptured,
  lockedFailures,
  markSecrets,
  reportLocked,
  resolveSecrets,
} from '../../src/reconcile/resolve-secrets.ts'
import {
  describe as describeChange,
  file,
  inventory,
  manifests,
  observation,
  observed,
  planInput,
  program,
} from '../lab/planning.ts'

const path = (name: string): string => `${manifests}/${name}`
const encrypted = (name: string): FileArtefact => ({
  ...file(path(name), `cipher of ${name}`),
  secrecy: 'encrypted',
  origin: `clusters/home/manifests/${name}`,
})
const failure = (where: string): Failure =>
  new Failure(`${where}: it does not fit`, { code: 'SOPS_TAMPERED', where, fix: 'undo it', retry: 'when-changed' })

/** Opens everything but what is named `bad…`; counts. */
function opener(): SecretsPort & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async decrypt({ name, text }) {
      asked.push(name)
      if (name.includes('/bad')) throw failure(`${name}:3`)
      return text.replace('cipher', 'plain')
    },
  }
}

const changes = (plan: PlannedNode): string[] => plan.changes.map(describeChange)

describe('resolving', () => {
  test('replaces ciphertext in memory, keeps the digest, and asks for nothing else', async () => {
    const secrets = opener()
    const given = program([file(path('a.yaml'), 'a'), encrypted('s.yaml')])
    const { program: resolved, locked } = await resolveSecrets(given, secrets)
    expect(locked).toEqual([])
    expect(resolved.files).toMatchObject([{ text: 'a' }, { text: 'plain of s.yaml', secrecy: 'decrypted' }])
    expect(resolved.digest).toBe(given.digest)
    expect(given.files[1]).toMatchObject({ text: 'cipher of s.yaml', secrecy: 'encrypted' })
    expect(secrets.asked).toEqual(['clusters/home/manifests/s.yaml'])
  })

  test('a program without secrets never asks for a key', async () => {
    const secrets = opener()
    const given = program([file(path('a.yaml'), 'a')])
    expect((await resolveSecrets(given, secrets)).program).toBe(given)
    expect(secrets.asked).toEqual([])
  })

  test('what cannot be opened is locked and told, and the others are opened', async () => {
    const { program: resolved, locked } = await resolveSecrets(
      program([encrypted('bad.yaml'), encrypted('s.yaml')]),
      opener(),
    )
    expect(resolved.files).toMatchObject([{ secrecy: 'locked' }, { secrecy: 'decrypted' }])
    expect(locked.map(({ path: at, failure: why }) => [at, why.detail.where])).toEqual([
      [path('bad.yaml'), 'clusters/home/manifests/bad.yaml:3'],
    ])
    expect(reportLocked(locked)).toMatchObject([{ path: path('bad.yaml'), reason: 'Encrypted' }])
  })

  test('one missing key is told once for all files', async () => {
    const missing = failure('/var/lib/fairlead/age.key')
    const secrets: SecretsPort = { decrypt: () => Promise.reject(missing) }
    const { locked } = await resolveSecrets(program([encrypted('a.yaml'), encrypted('b.yaml')]), secrets)
    expect(locked.length).toBe(2)
    expect(lockedFailures(locked)).toEqual([missing])
  })

  test('a mistake of ours is no refusal', async () => {
    const secrets: SecretsPort = { decrypt: () => Promise.reject(new TypeError('x is not a function')) }
    await expect(resolveSecrets(program([encrypted('a.yaml')]), secrets)).rejects.toThrow(TypeError)
  })
})

describe('planning with a locked file', () => {
  const plan = async (
    entries: Readonly<Record<string, string>>,
    there: Readonly<Record<string, string>>,
  ): Promise<string[]> => {
    const { program: resolved } = await resolveSecrets(program([encrypted('bad.yaml'), encrypted('s.yaml')]), opener())
    const files = Object.entries(there).map(([name, text]) => observed(path(name), text))
    const owned = Object.fromEntries(Object.entries(entries).map(([name, text]) => [path(name), text]))
    return changes(
      planNode(planInput({ program: resolved, observation: observation(...files), inventory: inventory(owned) })),
    )
  }

  test('neither writes nor removes it', async () => {
    expect(await plan({}, {})).toEqual(['create s.yaml Revision'])
    const both = { 'bad.yaml': 'older', 's.yaml': 'plain of s.yaml' }
    expect((await plan(both, both)).filter((change) => change.includes('bad'))).toEqual([])
  })
})

test('a file that is decrypted now is claimed anew, so that the inventory knows it for a secret', async () => {
  const { program: resolved } = await resolveSecrets(program([encrypted('s.yaml')]), opener())
  const there = observation(observed(path('s.yaml'), 'plain of s.yaml'))
  const known = inventory({ [path('s.yaml')]: 'plain of s.yaml' })
  const plan = planNode(planInput({ program: resolved, observation: there, inventory: known }))
  expect([changes(plan), plan.claims.map((claim) => claim.secrecy)]).toEqual([[], ['decrypted']])
})

test('observations are marked by the program and by the inventory, and others stay as they are', () => {
  const there = observation(
    observed(path('s.yaml'), 'x'),
    observed(path('old.yaml'), 'y'),
    observed(path('a.yaml'), 'z'),
  )
  const known = inventory({ [path('old.yaml')]: 'y', [path('a.yaml')]: 'z' })
  const entries = new Map(
    [...known.entries].map(([id, entry]) => [
      id,
      id.endsWith('old.yaml') ? { ...entry, holdsSecret: true as const } : entry,
    ]),
  )
  const marked = markSecrets(there, program([encrypted('s.yaml')]), { entries })
  expect([...marked.files.values()].map((one) => one.holdsSecret)).toEqual([true, true, undefined])
  expect(markSecrets(there, program([]), known)).toBe(there)
})

test('against a capture a file of ours that is there counts as it is, and a missing or foreign one does not', () => {
  const given = program([encrypted('s.yaml')])
  const there = observation(observed(path('s.yaml'), 'plain'))
  const ours = inventory({ [path('s.yaml')]: 'plain' })
  expect(lockCaptured(given, there, ours)).toMatchObject({
    program: { files: [{ secrecy: 'locked' }] },
    reported: [{ path: path('s.yaml'), reason: 'Encrypted' }],
  })
  expect(lockCaptured(given, there, inventory({})).program).toBe(given)
  expect(lockCaptured(given, observation(), ours).program).toBe(given)
})

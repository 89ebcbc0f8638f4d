import { describe, expect, test } from 'vitest'
import type { NodeProgram } from '../../../src/domain/program.ts'
import { rollbackReasons } from '../../../src/domain/rollback-reason.ts'
import { networkOf } from '../../../src/reconcile/network/converge-network.ts'
import {
  askingFor,
  harmless,
  settingsNode as node,
  probingKey,
  risky,
  rpFilter,
  rpFilterKey,
} from '../../lab/settings-node.ts'

describe('a program that is new', () => {
  test('goes in at once when it cannot cut the node off', async () => {
    const { pass, settings, disk, history } = node()
    const outcome = await pass(harmless('one'))
    expect(outcome?.verdict.kind).toBe('settled')
    expect(settings.get('net/ipv4/tcp_mtu_probing')).toBe('1')
    expect(disk.confirmed?.revision.name).toBe('one')
    expect(history).toEqual([])
  })

  test('goes in under a checkpoint when it could, and is in force once its probes have gone on answering', async () => {
    const { pass, settle, settings, disk, history } = node()
    const first = await pass(risky('one'))
    expect(first?.verdict.reason).toBe('Confirming')
    expect(settings.get(rpFilter)).toBe('2')
    expect(disk.confirmed).toBeUndefined()
    const last = await settle(risky('one'))
    expect(last?.verdict).toMatchObject({ kind: 'settled' })
    expect(disk.confirmed?.digest).toBe(networkOf(risky('one')).digest)
    expect(history.map(({ phase }) => phase)).toEqual(['confirmed'])
  })

  test('is taken back when its probes fall silent, tried once more, and then refused for good', async () => {
    let answers = true
    const { pass, settle, settings, history } = node({ probes: () => answers })
    await pass(risky('one'))
    answers = false
    await pass(risky('one'))
    answers = true
    // Tried again, and silent again.
    const again = await pass(risky('one'))
    expect(again?.verdict.reason).toMatch(/RolledBack|Confirming/)
    let rounds = 0
    const failing = async (): Promise<void> => {
      while (history.filter(({ phase }) => phase === 'rolled-back').length < 2 && rounds++ < 200) {
        answers = history.at(-1)?.phase !== 'probing'
        await pass(risky('one'))
        await settle(risky('one'), 1)
      }
    }
    await failing()
    answers = true
    const last = await settle(risky('one'))
    expect(last?.verdict).toMatchObject({ kind: 'blocked', reason: 'RolledBack' })
    expect(settings.get(rpFilter)).toBe('1')
    expect(history.map(({ phase }) => phase)).toEqual(['rolled-back', 'rolled-back'])
    // Another revision is another question, though it asks for the same.
    expect((await pass(risky('two')))?.verdict.reason).toBe('Confirming')
  })

  test('is taken back when it could not be written whole', async () => {
    let refuse = true
    const { pass, settings, history, disk } = node({ refuse: () => refuse })
    await pass(risky('one'))
    const outcome = await pass(risky('one'))
    expect(outcome?.verdict.reason).toBe('RolledBack')
    expect(history.at(0)?.reason).toContain('could not be applied whole')
    expect(settings.get(rpFilter)).toBe('1')
    refuse = false
    expect(disk.confirmed).toBeUndefined()
  })

  test('that is there already is in force without a checkpoint', async () => {
    const { pass, settings, disk, history } = node()
    settings.set(rpFilter, '2')
    expect((await pass(risky('one')))?.verdict.kind).toBe('settled')
    expect(disk.confirmed?.revision.name).toBe('one')
    expect(history).toEqual([])
  })

  test('waits for a person where nothing answered before, and a newer one does not wait behind it', async () => {
    let answers = false
    const { pass, history, settings } = node({ probes: () => answers })
    await pass(risky('one'))
    expect((await pass(risky('one')))?.verdict.reason).toBe('AwaitingConfirmation')
    answers = true
    expect((await pass(risky('two', '0')))?.verdict.reason).toBe('RolledBack')
    expect(settings.get(rpFilter)).toBe('1')
    expect(history.at(0)?.reason).toContain('a newer revision')
    expect((await pass(risky('two', '0')))?.verdict.reason).toBe('Confirming')
    expect(settings.get(rpFilter)).toBe('0')
  })

  test('that nobody confirmed is not tried again by itself', async () => {
    const { pass, checkpoints, history } = node({ probes: () => false })
    await pass(risky('one'))
    await pass(risky('one'))
    await checkpoints.rollBack('000001', rollbackReasons.deadline)
    expect((await pass(risky('one')))?.verdict).toMatchObject({ kind: 'blocked', reason: 'RolledBack' })
    expect(history).toHaveLength(1)
  })
})

describe('a program that is in force', () => {
  test('is held without a repository, and after a restart', async () => {
    const { settle, pass, settings, restart } = node()
    await settle(risky('one'))
    restart()
    settings.set(rpFilter, '0')
    const outcome = await pass(undefined)
    expect(settings.get(rpFilter)).toBe('2')
    expect(outcome?.applied.map(({ cause }) => cause)).toEqual(['Drift'])
  })

  test('stays in force while its successor is refused', async () => {
    let answers = true
    const { settle, pass, settings, checkpoints } = node({ probes: () => answers })
    await settle(risky('one'))
    answers = false
    await pass(risky('two', '0'))
    await pass(risky('two', '0'))
    await checkpoints.rollBack('000002', rollbackReasons.deadline)
    settings.set(rpFilter, '0')
    expect((await pass(risky('two', '0')))?.verdict.reason).toBe('RolledBack')
    expect(settings.get(rpFilter)).toBe('2')
  })

  test('is the one that was confirmed from outside, also after a restart in between', async () => {
    const { pass, checkpoints, disk, restart } = node({ probes: () => false })
    await pass(risky('one'))
    await pass(risky('one'))
    await checkpoints.confirm('000001')
    restart()
    await pass(undefined)
    expect(disk.confirmed?.revision.name).toBe('one')
  })

  test('an older confirmation does not come back after something harmless followed it', async () => {
    const { settle, pass, disk, restart } = node()
    await settle(risky('one'))
    await pass(askingFor('two', [rpFilterKey, '2'], [probingKey, '1']))
    expect(disk.confirmed?.revision.name).toBe('two')
    restart()
    await pass(undefined)
    expect(disk.confirmed?.revision.name).toBe('two')
  })

  test('gives settings back as they were when nobody wants them any more', async () => {
    const { pass, settings } = node()
    await pass(harmless('one'))
    const nothing = { ...harmless('two'), program: { cluster: 'home', node: 'n1' } as unknown as NodeProgram }
    await pass(nothing)
    expect(settings.get('net/ipv4/tcp_mtu_probing')).toBe('0')
  })

  test('that is repaired again and again is a fight, and is told as one', async () => {
    const { pass, settle, settings } = node()
    await pass(harmless('one'))
    let verdict: string | undefined
    for (let round = 0; round < 12; round += 1) {
      settings.set('net/ipv4/tcp_mtu_probing', '0')
      verdict = (await settle(harmless('one'), 2_000))?.verdict.reason
      if (verdict === 'Contested') break
    }
    expect(verdict).toBe('Contested')
  })
})

test('a node of which nothing was ever asked is not looked at', async () => {
  const { pass } = node()
  expect(await pass(undefined)).toBeUndefined()
})

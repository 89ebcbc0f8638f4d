import { describe, expect, test } from 'vitest'
import type { LastGood } from '../../../src/ports/node-state-port.ts'
import type { PermitPort, PermitRequest } from '../../../src/ports/permit-port.ts'
import { harmless, risky, rpFilter, settingsNode } from '../../lab/settings-node.ts'

/** A controller that permits what is in `granted`. */
function desk() {
  const granted = new Set<string>()
  const requests: (PermitRequest | undefined)[] = []
  const permits: PermitPort = {
    isGranted: (program) => granted.has(program),
    awaiting: (request) => {
      requests.push(request)
    },
  }
  return { granted, requests, permits }
}

function withDigest(lastGood: LastGood, digest: string): LastGood {
  return { ...lastGood, program: { ...lastGood.program, digest } }
}

describe('a risky change under a controller', () => {
  test('waits for its permit: nothing is written, and what is asked for is told', async () => {
    const { permits, requests } = desk()
    const { pass, settings, history, disk } = settingsNode({ permits })
    const outcome = await pass(withDigest(risky('one'), 'd1'))
    expect(outcome?.verdict).toMatchObject({ kind: 'pending', reason: 'AwaitingPermit' })
    expect(settings.get(rpFilter)).toBe('1')
    expect(history).toEqual([])
    expect(disk.trial).toBeUndefined()
    expect(requests).toEqual([{ program: 'd1', changes: [expect.stringContaining('rp_filter')] }])
  })

  test('begins once this very program is permitted, and goes on when nobody can be asked any more', async () => {
    const { permits, granted, requests } = desk()
    const { pass, settle, settings, disk } = settingsNode({ permits })
    granted.add('another')
    expect((await pass(withDigest(risky('one'), 'd1')))?.verdict.reason).toBe('AwaitingPermit')
    granted.add('d1')
    expect((await pass(withDigest(risky('one'), 'd1')))?.verdict.reason).toBe('Confirming')
    expect(requests.at(-1)).toBeUndefined()
    granted.clear()
    await settle(withDigest(risky('one'), 'd1'))
    expect(disk.confirmed?.revision.name).toBe('one')
    expect(settings.get(rpFilter)).toBe('2')
  })

  test('does not keep what was confirmed before from being held', async () => {
    const { permits, granted } = desk()
    const { pass, settle, settings } = settingsNode({ permits })
    granted.add('d1')
    await settle(withDigest(risky('one'), 'd1'))
    settings.set(rpFilter, '1')
    expect((await pass(withDigest(risky('two', '0'), 'd2')))?.verdict.reason).toBe('AwaitingPermit')
    expect(settings.get(rpFilter)).toBe('2')
  })

  test('that cannot cut the node off needs none', async () => {
    const { permits } = desk()
    const { pass } = settingsNode({ permits })
    expect((await pass(withDigest(harmless('one'), 'd1')))?.verdict.kind).toBe('settled')
  })

  test('is asked for although what was confirmed before cannot be held: it may be what mends that', async () => {
    const { permits, granted, requests } = desk()
    let refuses = false
    const { pass, settle, settings } = settingsNode({ permits, refuse: () => refuses })
    granted.add('d1')
    await settle(withDigest(risky('one'), 'd1'))
    settings.set(rpFilter, '1')
    refuses = true
    const outcome = await pass(withDigest(risky('two', '0'), 'd2'))
    expect(outcome?.verdict).toMatchObject({ kind: 'failed', reason: 'SYSCTL_REJECTED' })
    expect(requests.at(-1)).toMatchObject({ program: 'd2' })
  })

  test('is withdrawn with its program', async () => {
    const { permits, requests } = desk()
    const { pass } = settingsNode({ permits })
    await pass(withDigest(risky('one'), 'd1'))
    await pass(withDigest(harmless('two'), 'd2'))
    expect(requests.at(-1)).toBeUndefined()
  })
})

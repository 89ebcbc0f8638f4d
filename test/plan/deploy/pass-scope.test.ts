import { describe, expect, test } from 'vitest'
import { type DeployMemory, freshMemory, passesMtimeGate } from '../../../src/plan/deploy/file-gates.ts'
import { rulesOf } from './releases.ts'

const file = { path: '/m/a.yaml', mtimeNs: 5n, action: { kind: 'deploy' } } as const
const rules = rulesOf('v1.36.3+k3s1')
const succeeded: DeployMemory = { ...freshMemory, mtimes: new Map([['/m/a.yaml', 5n]]) }

describe('a pass in between', () => {
  test('leaves files that succeeded to the next full pass, also in the forced mode', () => {
    expect(passesMtimeGate(file, succeeded, rules, 'all')).toBe(true)
    expect(passesMtimeGate(file, succeeded, rules, 'open')).toBe(false)
  })

  test('takes files that changed, that failed, or that are new', () => {
    expect(passesMtimeGate({ ...file, mtimeNs: 6n }, succeeded, rules, 'open')).toBe(true)
    expect(passesMtimeGate(file, freshMemory, rules, 'open')).toBe(true)
  })

  test('is like any other once the forced mode is over', () => {
    const settled = { ...succeeded, forced: false }
    for (const scope of ['all', 'open'] as const) {
      expect(passesMtimeGate(file, settled, rules, scope)).toBe(false)
      expect(passesMtimeGate({ ...file, mtimeNs: 6n }, settled, rules, scope)).toBe(true)
    }
  })
})

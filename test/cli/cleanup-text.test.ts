import { expect, test } from 'vitest'
import { formatCleanups } from '../../src/cli/cleanup-text.ts'
import { colours } from '../../src/cli/colour.ts'
import type { CleanupPlan } from '../../src/domain/leftovers.ts'

const kept = (reason: string): CleanupPlan => ({
  removals: [],
  kept: [{ cleanup: 'network-policy', what: '1 ipset (KUBE-SRC-ABC)', reason }],
})

test('what nothing shows may be vouched for, and how is told', () => {
  const reason = 'unknown: this is an agent, and --disable-network-policy is a matter of its servers'
  expect(formatCleanups(kept(reason), [], colours(false))).toBe(`network-policy
  = 1 ipset (KUBE-SRC-ABC)
      stays  ${reason}
      fix    where you know that nothing of it runs any more: fairlead cleanup --gone network-policy
`)
})

test('what is seen to run cannot be vouched for', () => {
  const text = formatCleanups(kept('still-active: kube-router runs on this node'), [], colours(false))
  expect(text).toContain('stays  still-active')
  expect(text).not.toContain('--gone')
})

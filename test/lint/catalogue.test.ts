import { describe, expect, test } from 'vitest'
import { allRules, findRule, ruleGroups } from '../../src/lint/catalogue.ts'
import { codeOfRule } from '../../src/lint/rule.ts'
import { type CatalogueSeverity, ruleCatalogue } from '../fixtures/rule-catalogue.ts'

const entries = Object.values(ruleCatalogue).flat()
const unruled = ruleGroups.flatMap((group) => group.notApplicable)
const severities = { E: 'error', W: 'warning', I: 'notice' } as const

/** Rules that say it otherwise than the catalogue does, with the reason. */
const milder: Readonly<Record<string, { readonly severity: CatalogueSeverity; readonly reason: string }>> = {
  'fln-backend-change-reboot': {
    severity: 'W',
    reason:
      'whether nodes are rebooted stands in no document; an error would forbid every change of the backend, and the plan calls it an outage',
  },
  'ctl-npc-cleanup': {
    severity: 'W',
    reason:
      'whether rules are cleared stands in no document; an error would forbid to turn the controller off, and host-npc-leftovers sees what stayed',
  },
}

describe('the catalogue', () => {
  test('has 220 entries of different ids', () => {
    expect(entries).toHaveLength(220)
    expect(new Set(entries.map(([id]) => id)).size).toBe(220)
  })

  test.each(entries)('%s (%s) is a rule of that severity, or not applicable with a reason', (id, severity) => {
    const rule = findRule(id)
    const reasons = unruled.filter((entry) => entry.id === id)
    if (rule === undefined) {
      expect(reasons).toHaveLength(1)
      return
    }
    expect(reasons).toEqual([])
    expect(rule.severity).toBe(severities[milder[id]?.severity ?? severity])
  })

  test.each(Object.entries(milder))('%s differs from it indeed, for a reason', (id, { severity, reason }) => {
    expect(entries.find((entry) => entry[0] === id)?.[1]).not.toBe(severity)
    expect(reason).not.toBe('')
  })
})

describe('every rule', () => {
  test('has an id and a code of its own', () => {
    const ids = [...allRules, ...unruled].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const codes = allRules.map(({ id }) => codeOfRule(id))
    expect(new Set(codes).size).toBe(codes.length)
  })

  test.each(allRules.map((rule) => [rule.id, rule] as const))('%s can be found, read and traced', (id, rule) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/)
    expect(findRule(id)).toBe(rule)
    expect(findRule(codeOfRule(id))).toBe(rule)
    expect(rule.sources.length).toBeGreaterThan(0)
    for (const text of [rule.title, rule.why, rule.fix, rule.versions, ...rule.sources]) expectLine(text)
  })

  test.each(allRules.map((rule) => [rule.id, rule.sources] as const))(
    '%s names sources that its reader can open',
    (_id, sources) => {
      const [unreadable] = sources.filter((source) =>
        /^(k3s-networking|k3s-packaged-components|node-networking)\b|DESIGN/.test(source),
      )
      expect(unreadable).toBeUndefined()
    },
  )

  test.each(unruled.map(({ id, reason }) => [id, reason]))('%s is left out for a reason', (_id, reason) => {
    expectLine(reason)
  })
})

function expectLine(text: string): void {
  expect(text).toMatch(/^\S.{2,198}\S$/)
  expect(text).not.toMatch(/\.$/)
}

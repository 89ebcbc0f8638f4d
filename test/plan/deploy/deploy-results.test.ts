import { describe, expect, test } from 'vitest'
import type { PassedFile } from '../../../src/plan/deploy/deploy-pass.ts'
import { type DeployView, deployStatus, withPass } from '../../../src/plan/deploy/deploy-results.ts'

const counts = { created: 1, patched: 0, deleted: 0, unchanged: 0 }
const applied: PassedFile['outcome'] = { kind: 'applied', counts }
const failed: PassedFile['outcome'] = { kind: 'failed', reason: 'ApplyManifestFailed', message: 'refused' }

function view(outcomes: Readonly<Record<string, PassedFile['outcome']>>, more: Partial<DeployView> = {}): DeployView {
  const results = new Map(Object.entries(outcomes))
  return { results, hazards: [], ours: new Set(), removing: new Set(), forced: false, away: undefined, ...more }
}

describe('what earlier passes found out', () => {
  const cases: readonly (readonly [string, PassedFile['outcome'], PassedFile['outcome'], PassedFile['outcome']])[] = [
    ['a file that is left alone is what it was', failed, { kind: 'untouched' }, failed],
    ['a file that is the same stays applied', applied, { kind: 'unchanged' }, applied],
    ['a failure that the checksum ends is over', failed, { kind: 'unchanged' }, { kind: 'unchanged' }],
    ['what a pass did counts', applied, failed, failed],
  ]
  for (const [name, before, now, after] of cases) {
    test(name, () => {
      expect(withPass(new Map([['a', before]]), [{ path: 'a', outcome: now }])).toEqual(new Map([['a', after]]))
    })
  }

  test('a file that left the directory is forgotten', () => {
    expect(withPass(new Map([['a', applied]]), [])).toEqual(new Map())
  })
})

describe('states', () => {
  const cases: readonly (readonly [PassedFile['outcome'] | undefined, string, RegExp])[] = [
    [applied, 'Applied', /^$/],
    [{ kind: 'unchanged' }, 'Applied', /^$/],
    [{ kind: 'untouched' }, 'Applied', /^$/],
    [failed, 'Failed', /^refused$/],
    [{ kind: 'prune-failed', message: 'no' }, 'Failed', /^no$/],
    [{ kind: 'prune-begun' }, 'Pending', /next pass/],
    [{ kind: 'pruned', deleted: 1, fileRemains: true }, 'Pending', /behind the link stays/],
    [{ kind: 'skipped', reason: 'skip-marker' }, 'Pending', /\.skip/],
    [{ kind: 'skipped', reason: 'hidden' }, 'Pending', /dot/],
    [{ kind: 'skipped', reason: 'extension' }, 'Pending', /extension/],
    [undefined, 'Pending', /not in place/],
  ]
  for (const [outcome, state, message] of cases) {
    test(`${outcome?.kind ?? 'nothing'} of ours is ${state}`, () => {
      const status = deployStatus(
        view(outcome === undefined ? {} : { '/m/a.b.yaml': outcome }, { ours: new Set(['/m/a.b.yaml']) }),
      )
      expect(status.manifests).toEqual([
        { path: '/m/a.b.yaml', addon: 'a', state, message: expect.stringMatching(message) },
      ])
    })
  }

  test('an emptied manifest of ours goes', () => {
    const paths = new Set(['/m/a.yaml'])
    expect(deployStatus(view({ '/m/a.yaml': applied }, { ours: paths, removing: paths })).manifests).toMatchObject([
      { state: 'Pending', message: 'emptied; it goes once its objects are gone' },
    ])
  })

  test("somebody else's file is told only where it failed", () => {
    const status = deployStatus(
      view({ '/m/b.yaml': failed, '/m/a.yaml': applied, '/m/.c': { kind: 'skipped', reason: 'hidden' } }),
    )
    expect(status.manifests.map(({ path }) => path)).toEqual(['/m/b.yaml'])
  })

  test('while the API server is away a failure is no failure, and what was applied stays so', () => {
    const ours = new Set(['/m/a.yaml', '/m/b.yaml'])
    const status = deployStatus(view({ '/m/a.yaml': applied, '/m/b.yaml': failed }, { ours, away: 'it is gone' }))
    expect(status.manifests.map(({ state, message }) => [state, message])).toEqual([
      ['Applied', ''],
      ['Pending', 'waits for the API server: it is gone'],
    ])
  })
})

describe('warnings', () => {
  test('hazards of the directory, sorted, each with what a K3s does', () => {
    const { warnings } = deployStatus(
      view(
        {},
        {
          hazards: [
            { kind: 'name-clash', addon: 'x', paths: ['/m/sub/x.yaml', '/m/x.yaml'] },
            { kind: 'empty-disable-item', guarded: true },
            { kind: 'dangling-link', path: '/m/gone.yaml', guarded: true },
          ],
        },
      ),
    )
    expect(warnings).toEqual([
      {
        code: 'ADDON_NAME_CLASH',
        path: '/m/sub/x.yaml',
        message: expect.stringMatching(/\/m\/sub\/x\.yaml and \/m\/x\.yaml share the Addon x/),
      },
      {
        code: 'DANGLING_LINK',
        path: '/m/gone.yaml',
        message: expect.stringMatching(/left out; a K3s would deploy nothing/),
      },
      {
        code: 'EMPTY_DISABLE_ITEM',
        path: '',
        message: expect.stringMatching(/ignored; a K3s would delete every manifest/),
      },
    ])
  })

  test('without the safeguards nothing is said to be ignored', () => {
    const { warnings } = deployStatus(
      view(
        {},
        {
          hazards: [
            { kind: 'empty-disable-item', guarded: false },
            { kind: 'dangling-link', path: '/l', guarded: false },
          ],
        },
      ),
    )
    expect(warnings.map(({ message }) => message).join()).not.toMatch(/ignored|left out/)
  })

  test('a revert that was applied', () => {
    const { warnings } = deployStatus(view({ '/m/a.yaml': { kind: 'applied', counts, isRevert: true } }))
    expect(warnings.map(({ code, path }) => [code, path])).toEqual([['REVERT_AFTER_FAILURE', '/m/a.yaml']])
  })

  test('everything is applied again and again because of files that fail, told once', () => {
    const files = {
      '/m/b.yaml': failed,
      '/m/a.yaml': { kind: 'prune-failed' as const, message: 'no' },
      '/m/c.yaml': applied,
    }
    const { warnings } = deployStatus(view(files, { forced: true }))
    expect(warnings).toEqual([
      { code: 'FORCED_BY_FAILURE', path: '/m/a.yaml', message: expect.stringMatching(/until these 2 succeed/) },
    ])
    expect(deployStatus(view(files, { forced: false })).warnings).toEqual([])
    expect(deployStatus(view(files, { forced: true, away: 'gone' })).warnings).toEqual([])
  })
})

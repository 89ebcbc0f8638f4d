import { describe, expect, test } from 'vitest'
import { configMap } from '../../conformance/conform.ts'
import { DeployBench, manifest, programOf, wanted } from './deploy-bench.ts'

describe('the rhythm of passes', () => {
  test('a full pass every 15 seconds, counted from the end of the last one', async () => {
    const bench = new DeployBench()
    bench.disk.write('a.yaml', configMap('a'))
    expect(await bench.pass()).toBe('told')
    expect(bench.loop.nextRun()).toBe(15_000)
    bench.nowMs += 6_000
    expect(await bench.pass()).toBe('none')
    expect(bench.loop.nextRun()).toBe(9_000)
    bench.nowMs += 9_000
    await bench.pass()
    expect(bench.loop.nextRun()).toBe(15_000)
  })

  test('what fails is tried again soon, then more and more seldom, and at once after a change', async () => {
    const bench = new DeployBench()
    bench.disk.write('bad.yaml', 'kind: [')
    const waits: number[] = []
    for (let count = 0; count < 8; count++) {
      await bench.pass()
      const wait = bench.loop.nextRun()
      waits.push(wait)
      bench.nowMs += wait
    }
    // 15 s after the first full pass there is another one.
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 7_250, 15_000, 15_000])
    bench.loop.hinted()
    await bench.pass()
    expect(bench.loop.nextRun()).toBe(250)
  })

  test('while one file fails all are applied again with every full pass, and with none in between', async () => {
    const bench = new DeployBench()
    bench.disk.write('good.yaml', configMap('good'))
    bench.disk.write('bad.yaml', 'kind: [')
    await bench.pass()
    bench.takeEvents()
    bench.nowMs += 250
    await bench.pass()
    expect(bench.takeEvents()).toEqual(['ParseManifestFailed bad'])
    bench.nowMs += 15_000
    await bench.pass()
    expect(bench.takeEvents()).toEqual(['ParseManifestFailed bad', 'ApplyingManifest good', 'AppliedManifest good'])
    bench.disk.write('bad.yaml', configMap('mended'))
    bench.loop.hinted()
    await bench.pass()
    expect(bench.takeEvents()).toEqual(['ApplyingManifest bad', 'AppliedManifest bad'])
    bench.nowMs += 15_000
    await bench.pass()
    expect(bench.takeEvents()).toEqual([])
  })

  test('a file that changes all the time is applied ten times, and then once a second', async () => {
    const bench = new DeployBench()
    for (let change = 0; change < 10; change++) {
      bench.disk.write('a.yaml', configMap('a', `{k: "${change}"}`))
      await bench.pass()
    }
    expect(bench.nowMs).toBe(0)
    bench.disk.write('a.yaml', configMap('a', '{k: "last"}'))
    await bench.pass()
    expect(bench.nowMs).toBe(1_000)
    expect(bench.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: 'last' } })
  })

  test('up to 1.21 it fails instead of waiting', async () => {
    const bench = new DeployBench({ k3sVersion: 'v1.21.5+k3s1' })
    for (let change = 0; change < 11; change++) {
      bench.disk.write('a.yaml', configMap('a', `{k: "${change}"}`))
      await bench.pass()
    }
    expect(bench.loop.status?.manifests).toEqual([
      { path: manifest('a.yaml'), addon: 'a', state: 'Failed', message: 'delaying object set' },
    ])
    bench.nowMs += 1_000
    await bench.pass()
    expect(bench.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '10' } })
  })
})

describe('the verdict', () => {
  test('a program that was not looked at yet is no success', async () => {
    const bench = new DeployBench({ files: [wanted('a.yaml')] })
    bench.disk.write('a.yaml', configMap('a'))
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'pending', reason: 'Progressing' })
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'settled' })
    bench.program = programOf({ files: [wanted('a.yaml')], digest: 'two' })
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'pending', reason: 'Progressing' })
  })

  test("a manifest of the program that fails is a failure; somebody else's is told in the status alone", async () => {
    const bench = new DeployBench({ files: [wanted('ours.yaml')] })
    bench.disk.write('ours.yaml', configMap('a'))
    bench.disk.write('theirs.yaml', 'kind: [')
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'settled' })
    expect(bench.loop.status?.manifests.map(({ path, state }) => [path, state])).toEqual([
      [manifest('ours.yaml'), 'Applied'],
      [manifest('theirs.yaml'), 'Failed'],
    ])
    bench.disk.write('ours.yaml', 'kind: [')
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'failed', reason: 'ManifestsFailed' })
  })

  test('a manifest of the program that is not in place is waited for', async () => {
    const bench = new DeployBench({ files: [wanted('a.yaml')] })
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'pending', reason: 'ManifestsPending' })
  })

  test('a directory that cannot be read is a failure, one that is not there yet is none', async () => {
    const bench = new DeployBench()
    bench.disk.exists = false
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'settled' })
    const broken = { kind: 'missing', base: bench.disk.base, message: 'open /m: permission denied' } as const
    bench.disk.tree = () => broken
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({
      kind: 'failed',
      reason: 'MANIFESTS_UNREADABLE',
      message: expect.stringContaining('open /m: permission denied'),
    })
  })
})

describe('safeguards', () => {
  test('an empty item in the disable list prunes nothing, and is told', async () => {
    const bench = new DeployBench({ packaged: { ...programOf({}).packaged, disabled: ['traefik', '', 'coredns'] } })
    bench.disk.write('a.yaml', configMap('a'))
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toEqual(['default/a'])
    expect(bench.loop.status?.warnings.map(({ code }) => code)).toEqual(['EMPTY_DISABLE_ITEM'])
  })

  test('a dangling link is left out and told, until it leads somewhere', async () => {
    const bench = new DeployBench()
    bench.disk.write('a.yaml', configMap('a'))
    bench.disk.link('gone.yaml', '/srv/gone.yaml')
    await bench.pass()
    expect(bench.api.names('ConfigMap')).toEqual(['default/a'])
    expect(bench.loop.status?.warnings).toMatchObject([{ code: 'DANGLING_LINK', path: manifest('gone.yaml') }])
    bench.disk.write('/srv/gone.yaml', configMap('b'))
    expect(await bench.pass()).toBe('told')
    expect(bench.loop.status?.warnings).toEqual([])
  })

  test('two files of one Addon are told with both paths', async () => {
    const bench = new DeployBench()
    bench.disk.write('x.yaml', configMap('a'))
    bench.disk.write('sub/x.yaml', configMap('b'))
    await bench.pass()
    expect(bench.loop.status?.warnings).toMatchObject([
      {
        code: 'ADDON_NAME_CLASH',
        message: expect.stringContaining(`${manifest('sub/x.yaml')} and ${manifest('x.yaml')}`),
      },
    ])
  })
})

test('what was changed is counted', async () => {
  const bench = new DeployBench()
  bench.disk.write('a.yaml', configMap('a'))
  await bench.pass()
  expect(bench.counted).toEqual([{ created: 1, patched: 0, deleted: 0, unchanged: 0 }, 'deploy settled'])
})

test('another cluster is begun with from scratch', async () => {
  const bench = new DeployBench()
  bench.disk.write('a.yaml', configMap('a'))
  await bench.pass()
  bench.takeEvents()
  bench.program = programOf({ cluster: 'other' })
  await bench.pass()
  expect(bench.takeEvents()).toEqual(['ApplyingManifest a', 'AppliedManifest a'])
})

import { describe, expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import { configMap } from '../../conformance/conform.ts'
import { DeployBench, manifest, unreachable, wanted } from './deploy-bench.ts'

describe('a cluster that cannot be asked', () => {
  test('is no business of anybody while no kubeconfig is named', async () => {
    const bench = new DeployBench()
    bench.isNamed = false
    bench.disk.write('a.yaml', configMap('a'))
    expect(await bench.pass()).toBe('none')
    expect([bench.opened, bench.loop.status, bench.loop.verdictOn(bench.inForce)]).toEqual([0, undefined, undefined])
    expect(bench.loop.progressOf(manifest('a.yaml'))).toBeUndefined()
    expect(bench.loop.nextRun()).toBe(15_000)
    bench.isNamed = true
    expect(await bench.pass()).toBe('told')
    expect(bench.api.names('ConfigMap')).toEqual(['default/a'])
  })

  test('is told, asked again with back-off, and nothing is lost', async () => {
    const bench = new DeployBench({ files: [wanted('a.yaml')] })
    bench.disk.write('a.yaml', configMap('a'))
    bench.objects.away = unreachable
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'failed', reason: 'KUBE_UNREACHABLE' })
    expect(bench.loop.nextRun()).toBe(250)
    await bench.pass()
    expect(bench.loop.nextRun()).toBe(500)
    for (let count = 0; count < 10; count++) await bench.pass()
    expect(bench.loop.nextRun()).toBe(15_000)
    expect(bench.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    bench.objects.away = undefined
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'settled' })
    expect(bench.api.names('ConfigMap')).toEqual(['default/a'])
  })

  test('that goes away in the midst of a pass is not asked a thousand times, and what was half done is done again', async () => {
    const bench = new DeployBench({ files: [wanted('a.yaml')] })
    for (let count = 0; count < 50; count++) bench.disk.write(`z${count}.yaml`, configMap(`z${count}`))
    bench.disk.write('a.yaml', configMap('a', '{k: "1"}'))
    await bench.pass()
    bench.disk.write('a.yaml', `${configMap('a', '{k: "2"}')}---\n${configMap('second')}`)
    for (let count = 0; count < 50; count++) bench.disk.touch(`z${count}.yaml`)
    // It answers the Addon and the list, and dies when the first object is written.
    bench.api.onWrite = () => {
      bench.objects.away = unreachable
    }
    bench.objects.asked = 0
    await bench.pass()
    expect(bench.objects.asked).toBeLessThan(10)
    expect(bench.loop.status?.manifests.find(({ addon }) => addon === 'a')).toMatchObject({ state: 'Pending' })
    bench.api.onWrite = () => {}
    bench.objects.away = undefined
    // Back to what was applied last: half of the other content is in the cluster.
    bench.disk.write('a.yaml', configMap('a', '{k: "1"}'))
    await bench.pass()
    expect(bench.api.object('ConfigMap', 'a')).toMatchObject({ data: { k: '1' } })
    expect(bench.api.object('ConfigMap', 'second')).toBeUndefined()
    expect(bench.loop.status?.warnings.map(({ code }) => code)).toEqual(['REVERT_AFTER_FAILURE'])
  })

  test('is opened again when the kubeconfig names another one', async () => {
    const bench = new DeployBench()
    bench.refusal = new Failure('there is no kubeconfig', {
      code: 'KUBE_CONFIG_MISSING',
      where: '/k',
      fix: 'name one',
      retry: 'when-changed',
    })
    await bench.pass()
    expect(bench.loop.verdictOn(bench.inForce)).toMatchObject({ kind: 'failed', reason: 'KUBE_CONFIG_MISSING' })
    bench.refusal = undefined
    await bench.pass()
    expect([bench.opened, bench.closed]).toEqual([1, 0])
    bench.objects.away = new Failure('it now names another server', {
      code: 'KUBE_CONFIG_INVALID',
      where: '/k',
      fix: 'none',
      retry: 'when-changed',
    })
    await bench.pass()
    bench.objects.away = undefined
    await bench.pass()
    expect([bench.opened, bench.closed]).toEqual([2, 1])
    await bench.loop.close()
    expect(bench.closed).toBe(2)
  })
})

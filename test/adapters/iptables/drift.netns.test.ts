import { expect, test } from 'vitest'
import { Failure } from '../../../src/domain/failure.ts'
import type { FilterProgram } from '../../../src/domain/packet-filter.ts'
import { anchor, chainOf, drop, ports, programOf, setProgram, typicalProgram } from '../../lab/filter-programs.ts'
import { driftLines, driftsOf, eachBackend, signal } from './each-backend.ts'

const forward: FilterProgram = programOf([
  anchor,
  chainOf('FAIRLEAD-FORWARD', 'filter', [{ match: { protocol: 'udp', destinationPorts: ports(9) }, action: drop }], {
    hook: 'FORWARD',
    before: ['FLANNEL-FWD'],
    after: ['KUBE-ROUTER-FORWARD'],
  }),
])

eachBackend('drift', ({ plane, node }) => {
  test('case 15: another order is drift, another spelling is not', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const lines = (await plane().save('iptables')).match(/^-A FAIRLEAD-INPUT .*$/gm) ?? []
    const write = (rules: readonly string[]): Promise<string> =>
      plane().restore('iptables', `*filter\n:FAIRLEAD-INPUT - [0:0]\n${rules.join('\n')}\nCOMMIT\n`)
    await write(lines.toReversed())
    expect(await driftLines(plane(), typicalProgram())).toEqual(['order v4 filter FAIRLEAD-INPUT'])
    await write(lines.map((line) => line.replace('-p tcp -m tcp --dport 22', '-p 6 --dport ssh')))
    expect(await driftLines(plane(), typicalProgram())).toEqual([])
  })

  test('a rule that was edited in place, an added one and a missing one are told apart', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const [first = ''] = (await plane().save('iptables')).match(/^-A FAIRLEAD-INPUT .*$/gm) ?? []
    await plane().restore(
      'iptables',
      `*filter\n${first.replace('-A', '-D')}\n-I${first.slice(2).replace('--dport 22', '--dport 23')}\nCOMMIT\n`,
    )
    const [edited] = driftsOf(await plane().filter.observe(typicalProgram(), signal))
    expect(edited).toMatchObject({ kind: 'content', name: 'FAIRLEAD-INPUT', expected: [first] })
    expect(edited?.found).toEqual([first.replace('--dport 22', '--dport 23')])
    await plane().filter.replace(typicalProgram(), signal)
    await plane().x('iptables', '-I', 'FAIRLEAD-INPUT', '-j', 'ACCEPT')
    const [added] = driftsOf(await plane().filter.observe(typicalProgram(), signal))
    expect(added).toMatchObject({ kind: 'extra-rule', expected: [], found: ['-A FAIRLEAD-INPUT -j ACCEPT'] })
  })

  test('case 16: of two jumps one remains; a lost one comes back; a stray one goes', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const [jump = ''] = (await plane().save('iptables')).match(/^-A INPUT .*FAIRLEAD-INPUT$/gm) ?? []
    await plane().restore('iptables', `*filter\n${jump}\nCOMMIT\n`)
    expect(await driftLines(plane(), typicalProgram())).toEqual(['duplicate-jump v4 filter INPUT'])
    await plane().filter.replace(typicalProgram(), signal)
    expect((await plane().save('iptables')).match(/^-A INPUT .*$/gm)).toEqual([jump])
    await plane().restore(
      'iptables',
      `*filter\n${jump.replace('-A', '-D')}\n${jump.replace('INPUT', 'OUTPUT')}\nCOMMIT\n`,
    )
    expect(await driftLines(plane(), typicalProgram())).toEqual([
      'missing-jump v4 filter INPUT',
      'extra-rule v4 filter OUTPUT',
    ])
    await plane().filter.replace(typicalProgram(), signal)
    const text = await plane().save('iptables')
    expect(text.match(/^-A (INPUT|OUTPUT) .*$/gm)).toEqual([jump])
  })

  test('a jump stands between what it follows and what it precedes, and moves only when that is not so', async () => {
    const others = ['KUBE-ROUTER-FORWARD', 'DOCKER-USER', 'FLANNEL-FWD']
    const made = others.map((name) => `:${name} - [0:0]\n`).join('')
    const jumps = others.map((name) => `-A FORWARD -j ${name}\n`).join('')
    await plane().restore('iptables', `*filter\n${made}${jumps}COMMIT\n`)
    await plane().filter.replace(forward, signal)
    const order = async (): Promise<readonly string[]> =>
      [...(await plane().save('iptables')).matchAll(/^-A FORWARD .*-j (\S+)$/gm)].map(([, target = '']) => target)
    expect(await order()).toEqual(['KUBE-ROUTER-FORWARD', 'FAIRLEAD-FORWARD', 'DOCKER-USER', 'FLANNEL-FWD'])
    // Another program puts itself first, as kube-router does: that is its place, and no reason to write.
    await plane().x('iptables', '-D', 'FORWARD', '-j', 'KUBE-ROUTER-FORWARD')
    await plane().x('iptables', '-I', 'FORWARD', '-j', 'KUBE-ROUTER-FORWARD')
    await plane().x('iptables', '-I', 'FORWARD', '3', '-j', 'ACCEPT')
    expect(await driftLines(plane(), forward)).toEqual([])
    await plane().x('iptables', '-I', 'FORWARD', '1', '-j', 'FLANNEL-FWD')
    expect(await driftLines(plane(), forward)).toEqual(['order v4 filter FORWARD'])
    await plane().filter.replace(forward, signal)
    expect((await order())[0]).toBe('FAIRLEAD-FORWARD')
    expect(await driftLines(plane(), forward)).toEqual([])
  })

  test('case 69: members of a set are compared, and one change is one swap that rewrites no rule', async () => {
    const members = Array.from({ length: 20_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`).toSorted()
    const [program, changed] = [setProgram(members), setProgram(members.with(0, '192.0.2.1/32').toSorted())]
    await plane().filter.replace(program, signal)
    expect(await driftLines(plane(), program)).toEqual([])
    await node().run(['/usr/sbin/ipset', 'del', 'FAIRLEAD4-BLOCKED', '10.0.1.0/24'])
    const [drift] = driftsOf(await plane().filter.observe(program, signal))
    expect(drift).toMatchObject({ kind: 'set', name: 'FAIRLEAD4-BLOCKED', expected: ['10.0.1.0/24'], found: [] })
    await plane().x('iptables', '-Z', 'INPUT')
    const before = await plane().save('iptables', '-c')
    const began = performance.now()
    await plane().filter.replace(changed, signal)
    expect(performance.now() - began).toBeLessThan(1500)
    expect(rulesIn(await plane().save('iptables', '-c'))).toEqual(rulesIn(before))
    expect(await driftLines(plane(), changed)).toEqual([])
    expect(await node().run(['/usr/sbin/ipset', 'list', '-n'])).not.toContain('~')
  })

  test('a set that was left half built is gone after the next write', async () => {
    await node().run(['/usr/sbin/ipset', 'create', 'FAIRLEAD4-BLOCKED~', 'hash:net', 'maxelem', '1048576'])
    await plane().filter.replace(setProgram(['192.0.2.0/24']), signal)
    expect((await node().run(['/usr/sbin/ipset', 'list', '-n'])).split('\n').filter(Boolean).toSorted()).toEqual([
      'FAIRLEAD4-BLOCKED',
      'FAIRLEAD6-BLOCKED',
    ])
    await plane().filter.replace(programOf([anchor]), signal)
    expect(await node().run(['/usr/sbin/ipset', 'list', '-n'])).toBe('')
  })

  test('a set of everything is kept as two halves, and is settled', async () => {
    const program = setProgram(['0.0.0.0/0'], ['::/0'])
    await plane().filter.replace(program, signal)
    expect(await driftLines(plane(), program)).toEqual([])
    expect(await node().run(['/usr/sbin/ipset', 'save', 'FAIRLEAD6-BLOCKED'])).toContain(
      'add FAIRLEAD6-BLOCKED 8000::/1',
    )
  })
})

eachBackend('tables that iptables cannot show', ({ plane, node, backend }) => {
  test.skipIf(backend === 'legacy')('case 20: native rules in them stop every write', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    await node().run([
      '/usr/sbin/nft',
      'add',
      'rule',
      'ip',
      'filter',
      'INPUT',
      'ct',
      'mark',
      'set',
      'meta',
      'mark',
      'map',
      '{',
      '1',
      ':',
      '2',
      '}',
    ])
    const ruleset = await node().run(['/usr/sbin/nft', 'list', 'ruleset'])
    const { filter } = plane()
    for (const attempt of [
      () => filter.observe(typicalProgram(), signal),
      () => filter.replace(programOf([anchor]), signal),
      () => filter.inverse(signal),
      () => filter.tables(signal),
    ]) {
      const error = await (attempt() as Promise<unknown>).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(Failure)
      expect((error as Failure).detail).toMatchObject({ code: 'FILTER_INCOMPATIBLE', where: 'table ip filter' })
    }
    expect(await node().run(['/usr/sbin/nft', 'list', 'ruleset'])).toBe(ruleset)
  })
})

function rulesIn(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith('['))
}

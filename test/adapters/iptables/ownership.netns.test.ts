import { expect, test } from 'vitest'
import { anchor, everythingProgram, programOf, typicalProgram } from '../../lab/filter-programs.ts'
import { driftLines, eachBackend, signal } from './each-backend.ts'

eachBackend('what is ours and what is not', ({ plane, open, node, backend }) => {
  test('case 1: policies stay as they are, whatever they are', async () => {
    await plane().x('iptables', '-P', 'FORWARD', 'DROP')
    await plane().filter.replace(typicalProgram(), signal)
    await plane().filter.replace(undefined, signal)
    const text = await plane().save('iptables')
    expect(text).toContain(':FORWARD DROP')
    expect(text).toContain(':INPUT ACCEPT')
  })

  test('case 10: comments are our marker alone, and what an upgrade of K3s greps away is never ours', async () => {
    await plane().filter.replace(everythingProgram(), signal)
    await plane().restore('iptables', '*filter\n:KUBE-FORWARD - [0:0]\n-A FORWARD -j KUBE-FORWARD\nCOMMIT\n')
    const text = await plane().save('iptables')
    const comments = [...text.matchAll(/--comment "?([^" ]*)"? /g)].map(([, comment]) => comment)
    expect(comments.length).toBeGreaterThan(10)
    for (const comment of comments) expect(comment).toMatch(/^fairlead:[a-z2-7]{12,}$/)
    const kept = text.split('\n').filter((line) => !/KUBE-|CNI-/.test(line) && !/flannel|cilium|cali/i.test(line))
    await node().commands.run([`/usr/sbin/iptables-${backend}-restore`], {
      input: kept.join('\n'),
      environment: { XTABLES_LOCKFILE: plane().lockFile },
    })
    expect(await plane().save('iptables')).not.toContain('KUBE-FORWARD')
    expect(await plane().filter.observe(everythingProgram(), signal)).toEqual({ kind: 'settled' })
  })

  test('case 11: a chain made by hand with our prefix is told and stays; with prune it goes', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    await plane().x('iptables', '-N', 'FAIRLEAD-FOO')
    await plane().x('iptables', '-A', 'FAIRLEAD-FOO', '-p', 'tcp', '-j', 'ACCEPT')
    const seen = await plane().filter.observe(typicalProgram(), signal)
    expect(seen).toMatchObject({ kind: 'settled', reported: [{ kind: 'extra-chain', name: 'FAIRLEAD-FOO' }] })
    await plane().filter.replace(programOf([anchor]), signal)
    expect(await plane().save('iptables')).toContain('-A FAIRLEAD-FOO -p tcp -j ACCEPT')
    const pruning = await open({ prune: true })
    await pruning.filter.replace(programOf([anchor]), signal)
    expect(await plane().save('iptables')).not.toContain('FAIRLEAD-FOO')
  })

  test('case 12: retired chains go with their jumps, also where somebody else jumps there', async () => {
    await plane().filter.replace(everythingProgram(), signal)
    await plane().x('iptables', '-A', 'OUTPUT', '-j', 'FAIRLEAD-MORE')
    await plane().filter.replace(typicalProgram(), signal)
    const text = await plane().save('iptables')
    expect(text).not.toMatch(/FAIRLEAD-MORE|FAIRLEAD-FORWARD|FAIRLEAD-NAT/)
    expect(await driftLines(plane(), typicalProgram())).toEqual([])
  })

  test('the anchor outlasts a program that keeps nothing else', async () => {
    await plane().filter.replace(everythingProgram(), signal)
    await plane().filter.replace(programOf([anchor]), signal)
    expect((await plane().save('ip6tables')).match(/^-A FAIRLEAD-.*$/gm)).toEqual([
      expect.stringMatching(/^-A FAIRLEAD-ANCHOR -m conntrack --ctstate NEW .*-j RETURN$/),
    ])
  })

  test('tables of the other backend come along where there are any', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const { v4, v6 } = await plane().filter.tables(signal)
    const input = v4.find(({ table }) => table === 'filter')?.chains.find(({ name }) => name === 'FAIRLEAD-INPUT')
    expect(input?.rules[0]?.words.slice(0, 6)).toEqual(['-p', 'tcp', '-m', 'tcp', '--dport', '22'])
    expect(v6.map(({ table }) => table).toSorted()).toEqual(['filter', 'mangle'])
  })

  test('an adapter that finds our chains in the other backend moves them', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const other = await open({ backend: backend === 'nft' ? 'legacy' : 'nft' })
    expect((await driftLines(other, typicalProgram())).some((line) => line.startsWith('extra-chain'))).toBe(true)
    await other.filter.replace(typicalProgram(), signal)
    expect(await plane().save('iptables')).not.toContain('FAIRLEAD-')
    expect(await driftLines(other, typicalProgram())).toEqual([])
  })
})

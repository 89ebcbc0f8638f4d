import { expect, test } from 'vitest'
import { openIptables } from '../../../src/adapters/iptables/open-iptables.ts'
import { Failure } from '../../../src/domain/failure.ts'
import type { CommandPort } from '../../../src/ports/command-port.ts'
import { typicalProgram } from '../../lab/filter-programs.ts'
import { eachBackend, signal } from './each-backend.ts'

const hint = '*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n'
const kubernetes = '*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-MARK-MASQ - [0:0]\nCOMMIT\n'

eachBackend('which backend this node uses', ({ plane, node, backend }) => {
  test('is the one that holds the chain of the kubelet', async () => {
    await plane().restore('iptables', hint)
    const seen = await openIptables({ commands: node().commands }).capabilities(signal)
    expect(seen).toMatchObject({ backend, because: `KUBE-IPTABLES-HINT in ${backend} mangle`, unsupported: [] })
    expect(seen.tool).toMatch(backend === 'nft' ? /^iptables v1\..*\(nf_tables\)$/ : /^iptables v1\..*\(legacy\)$/)
  })

  test('case 21: both hold chains of Kubernetes: that is told with counts, and nothing is written', async () => {
    await plane().restore('iptables', `${hint}${kubernetes}`)
    const other = backend === 'nft' ? 'legacy' : 'nft'
    await node().run([`/usr/sbin/iptables-${other}-restore`, '--noflush'], kubernetes)
    const filter = openIptables({ commands: node().commands, lockFile: plane().lockFile })
    expect((await filter.capabilities(signal)).split).toEqual({
      [backend]: 3,
      [other]: 2,
      tables: expect.arrayContaining([`${backend} mangle`, `${other} nat`]),
    })
    const error = await filter.replace(typicalProgram(), signal).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Failure)
    expect((error as Failure).detail.code).toBe('FILTER_SPLIT')
    expect(await plane().save('iptables')).not.toContain('FAIRLEAD')
  })
})

eachBackend('looking around', ({ plane, node, backend }) => {
  test.skipIf(backend === 'legacy')('case 22: makes no tables of the legacy backend', async () => {
    const names = (): Promise<string> =>
      node().run(['/usr/bin/cat', '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'])
    const filter = openIptables({ commands: node().commands, lockFile: plane().lockFile })
    await filter.capabilities(signal)
    await filter.replace(typicalProgram(), signal)
    await filter.inverse(signal)
    await filter.tables(signal)
    expect(await names()).toBe('')
  })

  test('a family without programs is told, and the other one is served', async () => {
    const commands = without(node().commands, /^ip6tables/)
    const filter = openIptables({ commands, backend, lockFile: plane().lockFile, k3sDataDir: '/nowhere' })
    expect((await filter.capabilities(signal)).unsupported).toEqual([
      { family: 'v6', reason: `ip6tables with the ${backend} backend is not installed` },
    ])
    await filter.replace(typicalProgram(), signal)
    expect(await filter.observe(typicalProgram(), signal)).toEqual({ kind: 'settled' })
    expect(await plane().save('iptables')).toContain('FAIRLEAD-INPUT')
  })

  test('releases that write rules twice are refused, and so is a node without iptables', async () => {
    for (const commands of [versioned(node().commands, '1.8.4'), without(node().commands, /tables/)]) {
      const filter = openIptables({ commands, backend, k3sDataDir: '/nowhere' })
      const error = await filter.capabilities(signal).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(Failure)
      expect((error as Failure).detail.code).toBe('FILTER_UNSUPPORTED')
    }
  })
})

function without(commands: CommandPort, programs: RegExp): CommandPort {
  return { ...commands, find: async (program) => (programs.test(program) ? undefined : commands.find(program)) }
}

function versioned(commands: CommandPort, version: string): CommandPort {
  return {
    ...commands,
    run: async (argv, options) => {
      const result = await commands.run(argv, options)
      return argv[1] === '--version' ? { ...result, stdout: result.stdout.replace(/v[\d.]+/, `v${version}`) } : result
    },
  }
}

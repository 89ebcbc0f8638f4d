import { afterEach, expect, test } from 'vitest'
import { runInverse } from '../../../src/adapters/leftovers/run-inverse.ts'
import { whyNoNamespaces } from '../../netns/namespace.ts'
import { artefactOf, planOf } from '../../plan/cleanups/sample-leftovers.ts'
import { neverAborted, newOldNode, type OldNode } from './old-node.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft-save', 'iptables-legacy-save', 'ipset'])
const artefact = artefactOf('calico', { clusterCIDRs: ['10.42.0.0/16', 'fd42::/48'] })

let node: OldNode
afterEach(async () => await node.down())

const hooks = { raw: 'PREROUTING', mangle: 'PREROUTING', filter: 'FORWARD', nat: 'POSTROUTING' } as const
const tables = Object.entries(hooks)
  .map(
    ([table, hook]) => `*${table}
:cali-${hook} - [0:0]
:mine-${hook} - [0:0]
-A ${hook} -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-${hook}
-A ${hook} -j mine-${hook}
-A ${hook} -m comment --comment "cali:S93hcgKJrXEqnTfs" -m mark --mark 0x10000/0x10000 -j RETURN
-A ${hook} -m comment --comment "look at cali-${hook}" -j RETURN
-A cali-${hook} -m mark --mark 0x40000/0x40000 -j RETURN
COMMIT
`,
  )
  .join('')

test.skipIf(why !== undefined).each(['nft', 'legacy'] as const)(
  `a Calico that is gone goes from every table of both families, in the backend %s, and comes back${why === undefined ? '' : ` (${why})`}`,
  async (backend) => {
    node = await newOldNode(['server'])
    await node.run([`iptables-${backend}-restore`], tables)
    await node.run([`ip6tables-${backend}-restore`], tables)
    await node.run(
      ['ipset', 'restore'],
      'create cali40s:abc hash:net family inet\nadd cali40s:abc 10.1.0.0/16\ncreate mine hash:ip\n',
    )
    await node.run(['ip', 'route', 'add', 'blackhole', '10.42.7.64/26', 'proto', '12'])
    await node.run(['ip', '-6', 'route', 'add', 'blackhole', 'fd42::40/122', 'proto', '80'])
    node.write('/etc/cni/net.d/10-calico.conflist', '{}')
    const rules = async (): Promise<readonly string[]> =>
      (await Promise.all((['v4', 'v6'] as const).map((family) => node.saved(backend, family)))).flatMap((lines) =>
        lines.filter((line) => !line.startsWith(':')).map((line) => line.replace(/^\[.*?\] /, '')),
      )
    const all = async () => ({
      rules: (await rules()).toSorted((a, b) => (a.split(' ')[1] ?? '').localeCompare(b.split(' ')[1] ?? '')),
      sets: (await node.run(['ipset', 'save'])).split('\n').sort(),
      routes: [
        await node.run(['ip', '-N', 'route']),
        await node.run(['ip', '-6', '-N', 'route', 'show', 'type', 'blackhole']),
      ],
    })
    const before = await all()
    const plan = planOf(artefact, await node.port.observe([artefact], neverAborted))
    const undo = await node.port.inverse(plan, neverAborted)
    await node.port.remove(plan, neverAborted)
    const left = await rules()
    expect(left.filter((line) => /cali/.test(line))).toEqual(
      [...Object.values(hooks), ...Object.values(hooks)].map(() => expect.stringContaining('"look at cali-')),
    )
    expect(left.filter((line) => line.includes('-j mine-'))).toHaveLength(8)
    expect(await node.run(['ipset', 'list', '-n'])).toBe('mine\n')
    expect(await node.run(['ip', '-4', 'route', 'show', 'type', 'blackhole'])).toBe('')
    expect(await runInverse(undo, node.commands, neverAborted)).toEqual([])
    expect(await all()).toEqual(before)
  },
)

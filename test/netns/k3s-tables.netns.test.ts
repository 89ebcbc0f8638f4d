import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { installK3s } from './k3s-install.ts'
import { type Lab, labUp } from './lab.ts'
import { whyNoNamespaces } from './namespace.ts'
import { backends, conntrack, foreignLines, rules } from './observe.ts'
import { addresses } from './topology.ts'
import { http, httpServer, tcp, urlHost } from './traffic.ts'

const why = await whyNoNamespaces(['ip', 'bridge', 'iptables-nft-restore', 'iptables-legacy-restore', 'ipset', 'nft'])

for (const backend of backends) {
  describe.skipIf(why !== undefined)(`rules as of K3s, ${backend} (${why ?? 'namespaces'})`, () => {
    let lab: Lab
    beforeEach(async () => {
      lab = await labUp({ only: ['gw', 'n1', 'n2', 'p1', 'p2', 'cl'] })
      await httpServer(lab, 'p1', 8080)
    })
    afterEach(() => lab.down())

    for (const family of [4, 6] as const) {
      const url = (host: string, port: number): string => `http://${urlHost(host, family)}:${port}/`
      const pod = addresses.p1[family]

      test(`IPv${family}: a NodePort reaches the pod from outside, with the node's address as source`, async () => {
        expect((await http(lab, 'cl', url(addresses.n1[family], 30080))).code).toBeDefined()
        await installK3s(lab, 'n1', { backend, nodePort: 30080 })
        const seen = await http(lab, 'cl', url(addresses.n1[family], 30080))
        expect(seen).toMatchObject({ status: 200, server: pod })
        expect(seen.source).not.toBe(addresses.cl[family])
        expect((await conntrack(lab, 'n1', addresses.n1[family])).join('\n')).toContain('dport=30080')
      })

      test(`IPv${family}: a NodePort of another node reaches it as well`, async () => {
        await installK3s(lab, 'n2', { backend, nodePort: 30080, node: 2 })
        expect(await http(lab, 'cl', url(addresses.n2[family], 30080))).toMatchObject({ status: 200, server: pod })
      })

      test(`IPv${family}: with externalTrafficPolicy Local the pod sees the client`, async () => {
        await installK3s(lab, 'n1', { backend, nodePort: 30080, externalTrafficPolicy: 'Local' })
        expect((await http(lab, 'cl', url(addresses.n1[family], 30080))).source).toBe(addresses.cl[family])
      })

      test(`IPv${family}: a hostPort keeps the client's address, and ServiceLB answers on port 80`, async () => {
        await installK3s(lab, 'n1', { backend, hostPort: 8088, servicelb: true })
        expect(await http(lab, 'cl', url(addresses.n1[family], 8088))).toMatchObject({ source: addresses.cl[family] })
        expect(await http(lab, 'cl', url(addresses.n1[family], 80))).toMatchObject({ status: 200, server: pod })
      })

      test(`IPv${family}: the policy lets the Service through and nothing else`, async () => {
        await installK3s(lab, 'n1', { backend, nodePort: 30080, networkPolicy: true })
        expect(await http(lab, 'cl', url(addresses.n1[family], 30080))).toMatchObject({ status: 200 })
        await httpServer(lab, 'p1', 9090)
        expect((await tcp(lab, 'p2', pod, 9090)).outcome).toBe('connected')
        expect((await tcp(lab, 'n2', pod, 9090)).outcome).not.toBe('connected')
      })
    }

    test('pod traffic that leaves the cluster is masqueraded by flannel, chains or bare rules', async () => {
      await httpServer(lab, 'cl', 8081)
      for (const flannel of ['chains', 'bare'] as const) {
        await installK3s(lab, 'n1', { backend, flannel })
        const { source } = await http(lab, 'p1', `http://${addresses.cl[4]}:8081/`)
        expect(source).toBe(addresses.n1[4])
      }
    })

    test('each line is printed as it was written', async () => {
      const options = { nodePort: 30080, hostPort: 8088, servicelb: true, networkPolicy: true } as const
      const wrote = await installK3s(lab, 'n1', { backend, ...options })
      const printed = await rules(lab, 'n1', backend)
      expect(ruleLines(printed.v4)).toEqual(ruleLines(wrote.v4))
      expect(ruleLines(printed.v6)).toEqual(ruleLines(wrote.v6))
    })

    test('foreign lines change with one foreign rule, and not with ours', async () => {
      await installK3s(lab, 'n1', { backend, networkPolicy: true })
      const before = await foreignLines(lab, 'n1')
      await lab.x('n1', [`iptables-${backend}`, '-t', 'mangle', '-N', 'FAIRLEAD-INPUT'])
      const jump = ['-m', 'comment', '--comment', 'fairlead:aaaabbbbcccc', '-j', 'FAIRLEAD-INPUT']
      await lab.x('n1', [`iptables-${backend}`, '-t', 'mangle', '-A', 'INPUT', ...jump])
      await lab.x('n1', ['ip', 'route', 'add', '10.60.0.0/16', 'via', addresses.n2[4], 'proto', '201'])
      await lab.x('n1', ['ipset', 'create', 'FAIRLEAD4-a', 'hash:net'])
      await lab.x('n1', ['nft', 'add', 'table', 'inet', 'fairlead'])
      expect(await foreignLines(lab, 'n1')).toBe(before)
      await lab.x('n1', [`iptables-${backend}`, '-t', 'mangle', '-A', 'INPUT', '-s', '10.9.9.9', '-j', 'ACCEPT'])
      expect(await foreignLines(lab, 'n1')).not.toBe(before)
    })
  })
}

/** Rules by table and chain: the backends differ in the order of those. */
function ruleLines(saved: string): readonly string[] {
  const chains = new Map<string, string[]>()
  let table = ''
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1)
    if (!line.startsWith('-A ')) continue
    const chain = `${table} ${line.split(' ')[1]}`
    chains.set(chain, [...(chains.get(chain) ?? []), `${table} ${line}`])
  }
  return [...chains.keys()].toSorted().flatMap((chain) => chains.get(chain) ?? [])
}

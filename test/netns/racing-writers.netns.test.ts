import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { filterFaults } from './filter-faults.ts'
import { installK3s } from './k3s-install.ts'
import { kubeProxyRewrite } from './k3s-tables.ts'
import { type Lab, labUp } from './lab.ts'
import { whyNoNamespaces } from './namespace.ts'
import { backends, rules } from './observe.ts'
import { jumpInserter, kubeProxyLike, kubeRouterLike } from './racing-writers.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft-restore', 'iptables-legacy-restore', 'ipset'])
const lines = (text: string): readonly string[] => text.split('\n')

for (const backend of backends) {
  describe.skipIf(why !== undefined)(`racing writers, ${backend} (${why ?? 'namespaces'})`, () => {
    let lab: Lab
    beforeEach(async () => {
      lab = await labUp({ only: ['n1'] })
      await installK3s(lab, 'n1', { backend, nodePort: 30080, networkPolicy: true })
    })
    afterEach(() => lab.down())

    test('the policy controller loses what another writer adds while it thinks', async () => {
      const writer = await kubeRouterLike(lab, 'n1', { backend, delayMs: 100 })
      const faults = filterFaults(lab, 'n1')
      let added = 0
      for (let round = 0; round < 6; round += 1) {
        await faults.insertForeign('FORWARD', { backend })
        added += 1
        await writer.moreRounds(1)
      }
      await writer.stop()
      const kept = lines((await rules(lab, 'n1', backend)).v4).filter((line) => line.includes('another tool')).length
      expect(kept).toBeLessThan(added)
      expect(writer.complaints()).toEqual([])
    })

    test('the policy controller puts its jump back to the first place, and no other jump is doubled', async () => {
      const faults = filterFaults(lab, 'n1')
      await faults.insertForeign('INPUT', { backend })
      const writer = await kubeRouterLike(lab, 'n1', { backend, delayMs: 20, insistsOnFirst: true })
      await writer.moreRounds(2)
      await writer.stop()
      const input = lines(await lab.x('n1', [`iptables-${backend}`, '-S', 'INPUT'])).filter((line) =>
        line.startsWith('-A'),
      )
      expect(input[0]).toContain('-j KUBE-ROUTER-INPUT')
      expect(input.filter((line) => line.includes('KUBE-ROUTER-INPUT')).length).toBe(1)
    })

    test('kube-proxy brings its own chains and jumps back, and nothing else', async () => {
      const tables = { nodePort: 30080 } as const
      const writer = await kubeProxyLike(lab, 'n1', { backend, everyMs: 20, tables })
      const faults = filterFaults(lab, 'n1')
      await faults.flushChain('KUBE-SERVICES', { backend, table: 'nat' })
      expect(await faults.deleteJump('PREROUTING', 'KUBE-SERVICES', { backend, table: 'nat' })).toBe(1)
      await faults.flushChain('KUBE-FIREWALL', { backend })
      await writer.moreRounds(2)
      await writer.stop()
      const saved = lines((await rules(lab, 'n1', backend)).v4)
      for (const rule of lines(kubeProxyRewrite(tables, 4)).filter((line) => line.startsWith('-A'))) {
        expect(saved).toContain(rule)
      }
      expect(saved.filter((line) => line.startsWith('-A PREROUTING') && line.endsWith('KUBE-SERVICES')).length).toBe(1)
      expect(saved.filter((line) => line.startsWith('-A KUBE-FIREWALL'))).toEqual([])
      expect(writer.complaints()).toEqual([])
    })

    test('another tool keeps exactly one jump, at the first place', async () => {
      const writer = await jumpInserter(lab, 'n1', { backend, everyMs: 10 })
      await writer.moreRounds(3)
      await writer.stop()
      const input = lines(await lab.x('n1', [`iptables-${backend}`, '-S', 'INPUT'])).filter((line) =>
        line.startsWith('-A'),
      )
      expect(input[0]).toBe('-A INPUT -m comment --comment "another tool" -j OTHER-TOOL')
      expect(input.filter((line) => line.includes('OTHER-TOOL')).length).toBe(1)
    })
  })
}

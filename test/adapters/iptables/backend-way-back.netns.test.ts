import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openIptables } from '../../../src/adapters/iptables/open-iptables.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'
import { newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'

const why = await whyNoNamespaces(['ip', 'iptables-nft', 'iptables-legacy', 'awk', 'unshare'])
const denyWeb = '  firewall: { input: [{ name: no-web, protocol: tcp, ports: [8080], action: Drop }] }\n'

test.skipIf(why !== undefined)(
  `the way back from a change of the backend leads to the rules in the old one${why === undefined ? '' : ` (${why})`}`,
  async () => {
    const filter = (await networkOfDocuments(denyWeb))?.filter
    if (filter === undefined) throw new Error('the documents ask for no filter')
    const directory = mkdtempSync(join(tmpdir(), 'fairlead-backend-'))
    const lockFile = join(directory, 'lock')
    const node = await newNamespace('backend')
    const drops = async (backend: string): Promise<boolean> =>
      (await node.run(['env', `XTABLES_LOCKFILE=${lockFile}`, `iptables-${backend}-save`])).includes('-j DROP')
    try {
      const { signal } = new AbortController()
      await openIptables({ commands: node.commands, backend: 'nft', lockFile }).replace(filter, signal)
      const next = openIptables({ commands: node.commands, backend: 'legacy', lockFile })
      const steps = await next.inverse(signal)
      await next.replace(filter, signal)
      expect([await drops('nft'), await drops('legacy')]).toEqual([false, true])
      for (const step of steps) {
        if (step.kind !== 'run') throw new Error(`a step of kind ${step.kind}`)
        const environment = { XTABLES_LOCKFILE: lockFile }
        const input = step.input === undefined ? {} : { input: step.input }
        const { code } = await node.commands.run(step.argv, { ...input, environment })
        expect(code).toBe(0)
      }
      expect([await drops('nft'), await drops('legacy')]).toEqual([true, false])
    } finally {
      await node.down()
      rmSync(directory, { recursive: true })
    }
  },
)

import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openNetworkEvents } from '../../../src/adapters/network-events/network-events.ts'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type { NetworkHint } from '../../../src/ports/network-events-port.ts'
import { writerName } from '../../../src/reconcile/foreign-writer.ts'
import { typicalProgram } from '../../lab/filter-programs.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'

const nft = '/usr/sbin/nft'
const signal = new AbortController().signal
const reason = await whyNoNamespaces(['ip', 'nft', 'unshare', 'iptables-nft'])

describe.skipIf(reason !== undefined)(
  `events and the table together${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let space: Namespace
    beforeAll(async () => {
      space = await newNamespace('repair')
    })
    afterAll(() => space.down())

    test('case 13: a jump that somebody deletes is back within 300 ms, who did it is known, and our own write starts no storm', async () => {
      const filter = openNft({ commands: space.commands })
      const events = openNetworkEvents({ commands: space.commands, log: recordingLog() })
      await filter.replace(typicalProgram(), signal)
      const repairs: { readonly by: string; readonly atMs: number }[] = []
      let passes = 0
      let pass = Promise.resolve()
      const look = async (hint: NetworkHint): Promise<void> => {
        passes += 1
        if ((await filter.observe(typicalProgram(), signal)).kind === 'settled') return
        await filter.replace(typicalProgram(), signal)
        repairs.push({ by: writerName(hint.by, []), atMs: performance.now() })
      }
      await events.start((hint) => {
        pass = pass.then(() => look(hint))
      })
      await sleep(400)
      const took: number[] = []
      for (let turn = 0; turn < 10; turn += 1) {
        const beforeMs = performance.now()
        await space.run([nft, 'flush', 'chain', 'inet', 'fairlead', 'hook_filter_INPUT'])
        for (let wait = 0; wait < 500 && repairs.length <= turn; wait += 1) await sleep(2)
        took.push((repairs.at(-1)?.atMs ?? Number.POSITIVE_INFINITY) - beforeMs)
        await sleep(100)
      }
      await events.stop()
      await pass
      expect(repairs.map(({ by }) => by)).toEqual(Array.from({ length: 10 }, () => 'nft'))
      expect(took.toSorted((a, b) => a - b)[5]).toBeLessThan(300)
      // One for the deed, one for our own write, and the first ones of the monitors.
      expect(passes).toBeLessThan(40)
    })
  },
)

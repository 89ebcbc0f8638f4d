import { expect, test } from 'vitest'
import { networkOf } from '../../../src/reconcile/network/converge-network.ts'
import { enforceNetwork } from '../../../src/reconcile/network/enforce-network.ts'
import { newNetworkMemory } from '../../../src/reconcile/network/network-memory.ts'
import type { NetworkPorts } from '../../../src/reconcile/network/network-ports.ts'
import { harmless, settingsNode } from '../../lab/settings-node.ts'

test('a repair names who was heard of before it, and not the writes that it is made of', async () => {
  const told: unknown[] = []
  const memory = { ...newNetworkMemory(), writer: 'sysctl (4211)' }
  const { ports } = settingsNode()
  const heard: NetworkPorts = {
    ...ports,
    log: { ...ports.log, info: (fields) => told.push(fields['writer']) },
    sysctls: {
      ...ports.sysctls,
      write: async (path, value) => {
        await ports.sysctls.write(path, value)
        memory.writer = 'fairlead (7)'
      },
    },
  }
  const pass = { ports: heard, memory, signal: new AbortController().signal, checkpoint: undefined }
  await enforceNetwork(networkOf(harmless('one')), pass)
  expect(told).toEqual(['sysctl'])
})

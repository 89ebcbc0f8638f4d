import { expect, test } from 'vitest'
import { networkOfDocuments } from '../lab/network-of-documents.ts'

test('a packet filter that no node should be given is refused with the number and the limit', async () => {
  const ports = Array.from({ length: 45 }, (_, index) => 1 + 2 * index).join(', ')
  const rules = Array.from({ length: 500 }, (_, index) => {
    const from = Array.from({ length: 8 }, (_item, net) => `10.${2 * net}.${index % 250}.0/24`).join(', ')
    return `      - { name: r${index}, from: [${from}], protocol: tcp, ports: [${ports}], action: Drop }`
  })
  const spec = `  firewall:\n    input:\n${rules.join('\n')}\n`
  await expect(networkOfDocuments(spec)).rejects.toThrow(/FILTER_TOO_LARGE[\s\S]*has \d+ rules[\s\S]*more than 10000/)
})

import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { balancedServers, placeOf, placesElsewhere } from '../../../src/adapters/kube/agent-places.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

describe('where other API servers are', () => {
  test('is in the file that the load balancer of K3s keeps', async () => {
    const directory = await temporaryDirectory()
    expect(balancedServers(directory)).toEqual([])
    await mkdir(`${directory}/agent/etc`, { recursive: true })
    const file = `${directory}/agent/etc/k3s-agent-load-balancer.json`
    await writeFile(
      file,
      '{"ServerURL": "https://10.0.0.1:6443", "ServerAddresses": ["10.0.0.1:6443", "10.0.0.2:6443"], "Listener": null}',
    )
    expect(balancedServers(directory)).toEqual(['10.0.0.1:6443', '10.0.0.2:6443'])
    const ofApi = `${directory}/agent/etc/k3s-api-server-agent-load-balancer.json`
    await writeFile(ofApi, '{"ServerURL": "https://10.0.0.1:7443", "ServerAddresses": ["10.0.0.1:7443"]}')
    expect(balancedServers(directory)).toEqual(['10.0.0.1:7443'])
    await writeFile(ofApi, '{"ServerAddr')
    expect(balancedServers(directory)).toEqual(['10.0.0.1:6443', '10.0.0.2:6443'])
  })

  const places = [
    ['10.0.0.1:6443', { host: '10.0.0.1', port: 6443 }],
    ['10.0.0.1', { host: '10.0.0.1', port: 6443 }],
    ['[fd00::1]:7443', { host: 'fd00::1', port: 7443 }],
    ['https://servers.example:6443', { host: 'servers.example', port: 6443 }],
    ['https://servers.example', { host: 'servers.example', port: 443 }],
    ['http://10.0.0.1:6443', undefined],
    ['not an address', undefined],
    ['', undefined],
  ] as const
  for (const [address, place] of places) {
    test(`of ${JSON.stringify(address)}`, () => expect(placeOf(address)).toEqual(place))
  }

  test('is on no machine twice, and not on this one', () => {
    const addresses = ['10.0.0.1:6443', 'https://10.0.0.1:6443', '10.0.0.2:6443', 'nonsense here']
    expect(placesElsewhere(addresses, new Set(['10.0.0.2']))).toEqual([{ host: '10.0.0.1', port: 6443 }])
    expect(placesElsewhere(['127.0.0.1:6443'])).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { insideOf, linkBatch, linkedDevices, type Role, roles } from './topology.ts'

const whole = { roles, secondUplink: true }

describe('the topology', () => {
  test('every link that is made has its two ends set up', () => {
    const made = linkBatch(whole, (role) => role)
      .filter((line) => line.startsWith('link add'))
      .flatMap((line) => {
        const [, , , a = '', , inA = '', , , , , b = '', , inB = ''] = line.split(' ')
        return [
          [a, inA],
          [b, inB],
        ] as const
      })
    expect(made.length).toBe(16)
    for (const [device, role] of made) {
      expect(insideOf(role as Role, whole).ip.some((line) => line.startsWith(`link set ${device}`))).toBe(true)
      expect(linkedDevices(role as Role, whole)).toContain(device)
    }
  })

  test('a part of it names no namespace and no device that is not there', () => {
    const part = { roles: ['gw', 'n1', 'cl'] as const, secondUplink: false }
    const text = [...linkBatch(part, (role) => `x-${role}`), ...part.roles.flatMap((role) => insideOf(role, part).ip)]
    expect(text.filter((line) => /x-n2|x-p1|vethp1|eth1/.test(line))).toEqual([])
    expect(linkedDevices('n1', part)).toEqual(['eth0'])
  })

  test('the third node alone is reached by the tunnel', () => {
    const routes = insideOf('n1', whole).ip.filter((line) => line.includes('10.42.') && line.startsWith('route'))
    expect(routes).toEqual([
      'route add 10.42.3.0/24 via 10.42.3.0 dev flannel.1 onlink',
      'route add 10.42.2.0/24 via 192.168.11.12 dev eth0',
    ])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceOfSysctl, isManagedSysctl, sysctlPath } from '../../src/domain/sysctl-path.ts'

describe('the path of a kernel setting', () => {
  test.each([
    ['net.ipv4.ip_forward', ['net', 'ipv4', 'ip_forward']],
    ['net.ipv6.conf.flannel.1.accept_ra', ['net', 'ipv6', 'conf', 'flannel.1', 'accept_ra']],
    ['net.ipv6.conf.flannel/1.accept_ra', ['net', 'ipv6', 'conf', 'flannel.1', 'accept_ra']],
    ['net.ipv4.neigh.eth0.100.base_reachable_time_ms', ['net', 'ipv4', 'neigh', 'eth0.100', 'base_reachable_time_ms']],
    ['net.bridge.bridge-nf-call-iptables', ['net', 'bridge', 'bridge-nf-call-iptables']],
    ['net.netfilter.nf_conntrack_max', ['net', 'netfilter', 'nf_conntrack_max']],
    ['net.ipv4.icmp.x', ['net', 'ipv4', 'icmp', 'x']],
  ])('%s', (key, path) => {
    expect(sysctlPath(key)).toEqual(path)
  })

  test.each([
    'kernel.panic',
    'net',
    'net.ipv4',
    'net.ipv4.conf.eth0',
    'net.ipv4.conf.all',
    'net.ipv4.conf..rp_filter',
    'net.ipv4.conf.../.rp_filter',
    'net.ipv4.conf.averyveryverylong.rp_filter',
    'net.ipv4.route.flush',
    'net.ipv4.tcp_fastopen_key',
    'net.ipv6.conf.eth0.stable_secret',
    'net.unix.max_dgram_qlen',
    'net.ipv4.a/../b',
    'net.ipv4.conf.eth0.rp-filter',
  ])('%s is not managed', (key) => {
    expect(sysctlPath(key)).toBeUndefined()
  })

  test('whatever is written, no path leaves /proc/sys/net', () => {
    const piece = fc.constantFrom(
      'net',
      'ipv4',
      'ipv6',
      'conf',
      'neigh',
      'all',
      '..',
      '.',
      '/',
      'eth0',
      'rp_filter',
      '',
      '\n',
      '\0',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = sysctlPath(pieces.join('.'))
        if (path === undefined) return
        expect(isManagedSysctl(path)).toBe(true)
        expect(path[0]).toBe('net')
        for (const part of path) expect(part).toMatch(/^(?!\.{1,2}$)[A-Za-z0-9_.@-]+$/)
      }),
      { numRuns: 2000 },
    )
  })

  test('an interface is told from all and default', () => {
    expect(deviceOfSysctl(['net', 'ipv4', 'conf', 'eth0', 'rp_filter'])).toBe('eth0')
    expect(deviceOfSysctl(['net', 'ipv4', 'conf', 'all', 'rp_filter'])).toBeUndefined()
    expect(deviceOfSysctl(['net', 'ipv4', 'ip_forward'])).toBeUndefined()
  })
})

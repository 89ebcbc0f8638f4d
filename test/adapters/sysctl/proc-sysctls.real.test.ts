import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSysctls } from '../../../src/adapters/sysctl/proc-sysctls.ts'
import type { SysctlsPort } from '../../../src/ports/sysctls-port.ts'

describe('kernel settings as files', () => {
  let directory: string
  let port: SysctlsPort
  const conf = (): string => join(directory, 'sysctl.d', '99-fairlead.conf')
  const forward = ['net', 'ipv4', 'ip_forward']

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sysctls-'))
    mkdirSync(join(directory, 'sys/net/ipv4/conf/flannel.1'), { recursive: true })
    writeFileSync(join(directory, 'sys/net/ipv4/ip_forward'), '0\n')
    writeFileSync(join(directory, 'sys/net/ipv4/conf/flannel.1/rp_filter'), '1\n')
    port = openSysctls({ root: join(directory, 'sys'), file: conf() })
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  test('a setting is read without its line end, and written', async () => {
    expect(await port.read(forward)).toBe('0')
    await port.write(forward, '1')
    expect(await port.read(forward)).toBe('1')
    await port.write(['net', 'ipv4', 'conf', 'flannel.1', 'rp_filter'], '2')
    expect(readFileSync(join(directory, 'sys/net/ipv4/conf/flannel.1/rp_filter'), 'utf8')).toBe('2\n')
  })

  test('what is not there reads as nothing, and cannot be written', async () => {
    const absent = ['net', 'ipv4', 'conf', 'eth9', 'rp_filter']
    expect(await port.read(absent)).toBeUndefined()
    await expect(port.write(absent, '1')).rejects.toMatchObject({ detail: { code: 'SYSCTL_MISSING', retry: 'soon' } })
    expect(readdirSync(join(directory, 'sys/net/ipv4/conf'))).toEqual(['flannel.1'])
  })

  test.each([
    [['kernel', 'panic']],
    [['net', 'ipv4', '..']],
    [['net', 'ipv4', 'conf', '..', 'rp_filter']],
    [['net', 'ipv4', 'conf', '.', 'rp_filter']],
    [['net', 'ipv4', 'conf', 'a/b', 'rp_filter']],
    [['net', 'ipv4', 'route', 'flush']],
    [['net', 'ipv6', 'conf', 'eth0', 'stable_secret']],
    [['net', 'ipv4', 'tcp_fastopen_key']],
    [['net', '..', '..', 'etc']],
    [[]],
  ])('%j is refused', async (path) => {
    await expect(port.read(path)).rejects.toMatchObject({ detail: { code: 'SYSCTL_REFUSED' } })
    await expect(port.write(path, '1')).rejects.toMatchObject({ detail: { code: 'SYSCTL_REFUSED' } })
  })

  test.each(['1\n2', '', 'a\u0000', '\u00e9', 'x'.repeat(257)])('the value %j is refused', async (value) => {
    await expect(port.write(forward, value)).rejects.toMatchObject({ detail: { code: 'SYSCTL_REFUSED' } })
    expect(await port.read(forward)).toBe('0')
  })

  test('links are followed neither on the way nor at its end', async () => {
    writeFileSync(join(directory, 'target'), 'mine\n')
    mkdirSync(join(directory, 'elsewhere'))
    writeFileSync(join(directory, 'elsewhere/rp_filter'), 'mine\n')
    symlinkSync(join(directory, 'target'), join(directory, 'sys/net/ipv4/tcp_syncookies'))
    symlinkSync(join(directory, 'elsewhere'), join(directory, 'sys/net/ipv4/conf/eth0'))
    await expect(port.write(['net', 'ipv4', 'tcp_syncookies'], '1')).rejects.toMatchObject({
      detail: { code: 'SYSCTL_REJECTED' },
    })
    await expect(port.write(['net', 'ipv4', 'conf', 'eth0', 'rp_filter'], '1')).rejects.toMatchObject({
      detail: { code: 'SYSCTL_REFUSED' },
    })
    expect(readFileSync(join(directory, 'target'), 'utf8')).toBe('mine\n')
    expect(readFileSync(join(directory, 'elsewhere/rp_filter'), 'utf8')).toBe('mine\n')
  })

  test('settings for the next boot stand in their order, in the words of sysctl.d', async () => {
    await port.persist({ 'net.ipv6.conf.flannel.1.accept_ra': '2', 'net.ipv4.ip_forward': '1' })
    expect(readFileSync(conf(), 'utf8')).toBe(
      [
        '# Written by Fairlead from the repository; changes are overwritten.',
        '-net.ipv6.conf.flannel/1.accept_ra = 2',
        'net.ipv4.ip_forward = 1',
        '',
      ].join('\n'),
    )
    expect(readdirSync(join(directory, 'sysctl.d'))).toEqual(['99-fairlead.conf'])
    await port.persist(undefined)
    await port.persist(undefined)
    expect(readdirSync(join(directory, 'sysctl.d'))).toEqual([])
  })

  test('what may not be managed is not written for the next boot either', async () => {
    await expect(port.persist({ 'kernel.panic': '1' })).rejects.toMatchObject({ detail: { code: 'SYSCTL_REFUSED' } })
    await expect(port.persist({ 'net.ipv4.ip_forward': '1\nkernel.panic = 1' })).rejects.toMatchObject({
      detail: { code: 'SYSCTL_REFUSED' },
    })
  })
})

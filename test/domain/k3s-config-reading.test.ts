import { describe, expect, test } from 'vitest'
import { isSecretKey, mentionsSecretKey } from '../../src/domain/k3s-config-reading.ts'

describe('a secret of K3s', () => {
  test('is known by the name of its flag or variable', () => {
    const secret = [
      'token',
      't',
      'agent-token',
      'cluster-secret',
      'datastore-endpoint',
      'vpn-auth',
      'etcd-s3-secret-key',
    ]
    expect(secret.filter((name) => !isSecretKey(name))).toEqual([])
    expect(
      ['K3S_TOKEN', 'K3S_AGENT_TOKEN', 'K3S_VPN_AUTH', 'AWS_SECRET_ACCESS_KEY'].filter((name) => !isSecretKey(name)),
    ).toEqual([])
    expect(
      ['token-file', 'K3S_TOKEN_FILE', 'vpn-auth-file', 'secrets-encryption', 'tls-san'].filter(isSecretKey),
    ).toEqual([])
  })

  const lines: readonly (readonly [line: string, mentions: boolean])[] = [
    ['token: abc', true],
    ['token+: abc', true],
    ['"token": "abc"', true],
    ['t: abc', true],
    ['  t : abc', true],
    ['k3s server -t abc', true],
    ['--token=abc', true],
    ['--agent-token abc', true],
    ['K3S_TOKEN=abc', true],
    ['K3S_AGENT_TOKEN=abc', true],
    ['datastore-endpoint: mysql://x', true],
    ['K3S_DATASTORE_ENDPOINT=x', true],
    ['vpn-auth: name=tailscale', true],
    ['etcd-s3-secret-key: x', true],
    ['AWS_ACCESS_KEY_ID=x', true],
    ['server: https://user:abc@host:6443', true],
    ['token-file: /etc/join', false],
    ['K3S_TOKEN_FILE=/etc/x', false],
    ['vpn-auth-file: /etc/vpn', false],
    ['server: https://host:6443', false],
    ['node-ip: fd00::1', false],
    ['secrets-encryption: true', false],
    ["ExecStart=/usr/local/bin/k3s server '--disable' 'traefik'", false],
    ['cluster-init: true', false],
    ['data-dir: /mnt', false],
  ]
  for (const [line, mentions] of lines) {
    test(`${mentions ? 'may be' : 'is not'} on the line ${line}`, () => {
      expect(mentionsSecretKey(line)).toBe(mentions)
    })
  }

  test('is looked for in time that grows with the text alone', () => {
    for (const piece of ['://', ':', 'a:', '://a:', 'token_', 't', '-', '"']) {
      expect(mentionsSecretKey(`x://${piece.repeat(300_000)}`)).toBe(false)
    }
  })
})

import { describe, expect, test } from 'vitest'
import type { LocatedLine } from '../../../src/domain/problem.ts'
import { effectiveSettings, isSwitchedOn, itemsOf, scalarOf } from '../../../src/k3s/config/effective-settings.ts'
import { configFiles, provenance, reading } from './config-texts.ts'

function line(file: string, number: number): LocatedLine {
  return { place: { file, line: number, column: 1 } }
}

const unit = line('k3s.service', 20)

describe('what K3s is told, and by whom', () => {
  test('a whole machine', () => {
    const settings = effectiveSettings(
      reading({
        files: configFiles(
          'write-kubeconfig-mode: "0644"\nflannel-backend: vxlan\ntls-san:\n  - a.example\nnode-ip: 10.0.0.1\n',
          {
            '10-lan.yaml': 'tls-san+: b.example\nnode-ip: 10.0.0.2\n',
            '20-net.yml': 'cluster-cidr: 10.50.0.0/16\n',
          },
        ),
        arguments: [
          { key: 'flannel-backend', text: 'host-gw', at: unit },
          { key: 'disable', text: 'traefik', at: unit },
          { key: 'tls-san', text: 'c.example', at: unit },
        ],
        environment: [
          { name: 'K3S_NODE_NAME', value: 'pi-1', at: line('k3s.service.env', 1) },
          { name: 'K3S_KUBECONFIG_MODE', value: '600', at: line('k3s.service.env', 2) },
        ],
      }),
    )
    expect(provenance(settings)).toEqual([
      'write-kubeconfig-mode=0644 (config-file config.yaml:1:24)',
      'flannel-backend=vxlan (config-file config.yaml:2:18)',
      'flannel-backend=host-gw (command-line k3s.service:20:1)',
      'tls-san=a.example (config-file config.yaml:4:5)',
      'tls-san=b.example (drop-in 10-lan.yaml:1:11)',
      'tls-san=c.example (command-line k3s.service:20:1)',
      'node-ip=10.0.0.2 (drop-in 10-lan.yaml:2:10)',
      'cluster-cidr=10.50.0.0/16 (drop-in 20-net.yml:1:15)',
      'disable=traefik (command-line k3s.service:20:1)',
      'node-name=pi-1 (environment k3s.service.env:1:1)',
    ])
    expect(scalarOf(settings, 'flannel-backend')?.text).toBe('host-gw')
    expect(itemsOf(settings, 'tls-san').map(({ text }) => text)).toEqual(['a.example', 'b.example', 'c.example'])
  })

  const name = { name: 'K3S_NODE_NAME', value: 'from-env', at: line('env', 1) }
  const argument = { key: 'node-name', text: 'from-cli', at: unit }
  const precedence: readonly (readonly [string, Parameters<typeof reading>[0], string | undefined])[] = [
    ['nothing', {}, undefined],
    ['a variable alone', { environment: [name] }, 'from-env'],
    ['an empty variable', { environment: [{ ...name, value: '' }] }, undefined],
    ['the later of two variables', { environment: [name, { ...name, value: 'again' }] }, 'again'],
    ['a later variable that is empty', { environment: [name, { ...name, value: '' }] }, undefined],
    ['a file over a variable', { environment: [name], files: configFiles('node-name: from-file') }, 'from-file'],
    ['the command line over a variable', { environment: [name], arguments: [argument] }, 'from-cli'],
    ['the command line over a file', { files: configFiles('node-name: from-file'), arguments: [argument] }, 'from-cli'],
    ['the last of the command line', { arguments: [argument, { ...argument, text: 'again' }] }, 'again'],
    [
      'a variable where the file has an empty list',
      { environment: [name], files: configFiles('node-name: []') },
      'from-env',
    ],
    ['an empty value of a file', { environment: [name], files: configFiles('node-name:') }, ''],
  ]
  for (const [what, parts, expected] of precedence) {
    test(`one value: ${what}`, () => {
      expect(scalarOf(effectiveSettings(reading(parts)), 'node-name')?.text).toBe(expected)
    })
  }

  test('short names count for the long ones, and two names of one flag stay readable', () => {
    const settings = effectiveSettings(reading({ files: configFiles('i: 10.0.0.1\nnode-ip: 10.0.0.2\nd: /data\n') }))
    expect(provenance(settings)).toEqual([
      'node-ip=10.0.0.1 (config-file config.yaml:1:4)',
      'node-ip=10.0.0.2 (config-file config.yaml:2:10)',
      'data-dir=/data (config-file config.yaml:3:4)',
    ])
  })

  test('an empty list is told, and so is a mapping', () => {
    const settings = effectiveSettings(reading({ files: configFiles('disable: []\ncluster-cidr: {a: b}\n') }))
    expect(provenance(settings)).toEqual([
      'disable has no values (config.yaml:1:1)',
      'cluster-cidr has no values (config.yaml:2:1)',
    ])
  })

  test('switches take the words of Go', () => {
    const on = (value: string): boolean =>
      isSwitchedOn(
        effectiveSettings(reading({ files: configFiles(`flannel-ipv6-masq: ${value}`) })),
        'flannel-ipv6-masq',
      )
    expect(['true', 'yes', 'on', '"1"', '"T"', 'false', 'no', '"0"', '"yes"', '""'].map(on)).toEqual([
      ...Array(5).fill(true),
      ...Array(5).fill(false),
    ])
  })

  test('lists of addresses are split at commas, others are not', () => {
    const settings = effectiveSettings(
      reading({ files: configFiles('node-ip: 10.0.0.1,fd00::1\nkubelet-arg: a=1,b=2\n') }),
    )
    expect(itemsOf(settings, 'node-ip').map(({ text }) => text)).toEqual(['10.0.0.1', 'fd00::1'])
    expect(itemsOf(settings, 'kubelet-arg').map(({ text }) => text)).toEqual(['a=1,b=2'])
  })
})

import { describe, expect, test } from 'vitest'
import { readCloudConfig } from '../../src/text/cloud-config.ts'

const text = `#cloud-config
package_update: true
write_files:
  - path: /etc/rancher/k3s/config.yaml
    permissions: 0600
    content: |
      flannel-backend: none
      disable:
        - traefik
  - path: /etc/rancher/k3s/config.yaml.d/10-x.yaml
    encoding: b64
    content: ${Buffer.from('node-ip: 10.0.0.1\n').toString('base64')}
  - path: /etc/motd
    encoding: gzip
    content: xyz
runcmd:
  - curl -sfL https://get.k3s.io | sh -
  - [systemctl, restart, sshd]
  - |
    one
    two
bootcmd:
  - echo first
`

describe('a cloud-init file', () => {
  test('is read with its files and commands', () => {
    const read = readCloudConfig('user-data', text)
    expect(read?.problems).toEqual([])
    expect(read?.config.files.map((file) => [file.path, file.text, file.at.place.line])).toEqual([
      ['/etc/rancher/k3s/config.yaml', 'flannel-backend: none\ndisable:\n  - traefik\n', 6],
      ['/etc/rancher/k3s/config.yaml.d/10-x.yaml', 'node-ip: 10.0.0.1\n', 12],
    ])
    expect(read?.config.commands.map(({ command, at }) => [command, at.place.line])).toEqual([
      ['echo first', 23],
      ['curl -sfL https://get.k3s.io | sh -', 17],
      [['systemctl', 'restart', 'sshd'], 18],
      ['one\ntwo\n', 19],
    ])
  })

  test('may begin as a template', () => {
    expect(readCloudConfig('f', '## template: jinja\n#cloud-config\nruncmd: [a]\n')?.config.commands).toHaveLength(1)
  })

  test('is not any other text', () => {
    for (const other of ['', 'runcmd: [a]\n', '#!/bin/sh\n', '#cloud-configuration\n']) {
      expect(readCloudConfig('f', other), other).toBeUndefined()
    }
  })

  const unread: readonly (readonly [name: string, lines: readonly string[]])[] = [
    ['gzip', ['encoding: gz+b64', 'content: abc']],
    ['broken base64', ['encoding: b64', 'content: "*"']],
    ['base64 of no text', ['encoding: b64', 'content: //79']],
    ['appending', ['append: true', 'content: "a: b"']],
    ['an address', ['source: {uri: "https://x"}']],
  ]
  for (const [name, lines] of unread) {
    test(`says that it cannot read a file of K3s in it: ${name}`, () => {
      const read = readCloudConfig(
        'f',
        `#cloud-config\nwrite_files:\n- path: /etc/rancher/k3s/config.yaml\n  ${lines.join('\n  ')}\n`,
      )
      expect(read?.config.files).toEqual([])
      expect(read?.problems.map(({ code, place }) => `${code}@${place.line}:${place.column}`)).toEqual([
        'CLOUD_FILE_NOT_READ@3:3',
      ])
    })
  }

  test('that is no YAML says where', () => {
    const read = readCloudConfig('f', '#cloud-config\nruncmd: [\n')
    expect(read?.config).toEqual({ files: [], commands: [] })
    expect(read?.problems.map(({ code }) => code)).toEqual(['YAML_SYNTAX'])
  })

  test('of the wrong shape has nothing to say', () => {
    for (const shape of ['[]', 'a', 'write_files: {}', 'write_files: [1, {}, {path: [x]}]\nruncmd: a']) {
      expect(readCloudConfig('f', `#cloud-config\n${shape}\n`), shape).toEqual({
        config: { files: [], commands: [] },
        problems: [],
      })
    }
  })
})

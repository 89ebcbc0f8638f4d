import { describe, expect, test } from 'vitest'
import { effectiveSettings } from '../../src/k3s/config/effective-settings.ts'
import { readNodeConfig } from '../../src/reconcile/read-node-config.ts'
import { provenance } from '../k3s/config/config-texts.ts'

const unit = `[Service]
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/systemd/system/k3s.service.env
ExecStart=/usr/local/bin/k3s \\
    server \\
	'--disable' \\
	'traefik' \\
	'--token' \\
	's3cr3t' \\
`

describe('the configuration of a machine', () => {
  test('of systemd: every value with its file, and no secret', () => {
    const outcome = readNodeConfig({
      files: new Map([
        ['/etc/systemd/system/k3s.service', unit],
        ['/etc/systemd/system/k3s.service.env', "K3S_URL='https://10.0.0.1:6443'\nK3S_NODE_NAME=pi-1\n"],
        ['/etc/rancher/k3s/config.yaml.d/20-b.yaml', 'disable+: servicelb\n'],
        ['/etc/rancher/k3s/config.yaml.d/10-a.yaml', 'disable: [coredns]\n'],
        ['/etc/rancher/k3s/config.yaml.d/notes.txt', 'x'],
        ['/etc/rancher/k3s/config.yaml', 'flannel-backend: none\ndatastore-endpoint: postgres://u:s3cr3t@h\n'],
        ['/etc/hosts', '127.0.0.1 localhost'],
      ]),
    })
    expect(outcome.role).toBe('server')
    expect(outcome.problems).toEqual([])
    expect(outcome.reading.ignoredFiles.map(({ place }) => place.file)).toEqual([
      '/etc/rancher/k3s/config.yaml.d/notes.txt',
    ])
    expect(provenance(effectiveSettings(outcome.reading))).toEqual([
      'flannel-backend=none (config-file config.yaml:1:18)',
      'datastore-endpoint=******** (config-file config.yaml:2:21)',
      'disable=coredns (drop-in 10-a.yaml:1:11)',
      'disable=servicelb (drop-in 20-b.yaml:1:11)',
      'disable=traefik (command-line k3s.service:6:2)',
      'token=******** (command-line k3s.service:8:2)',
      'server=https://10.0.0.1:6443 (environment k3s.service.env:1:1)',
      'node-name=pi-1 (environment k3s.service.env:2:1)',
    ])
    expect(JSON.stringify(outcome)).not.toContain('s3cr3t')
  })

  test('of OpenRC', () => {
    const outcome = readNodeConfig({
      files: new Map([
        [
          '/etc/init.d/k3s-agent',
          'command=/usr/local/bin/k3s\ncommand_args="agent --node-ip 10.0.0.2 >>/var/log/k3s.log 2>&1"\nif [ -f /etc/rancher/k3s/k3s.env ]; then . /etc/rancher/k3s/k3s.env; fi\n',
        ],
        ['/etc/rancher/k3s/k3s.env', 'export K3S_URL=https://10.0.0.1:6443\n'],
      ]),
    })
    expect(outcome.role).toBe('agent')
    expect(provenance(effectiveSettings(outcome.reading))).toEqual([
      'node-ip=10.0.0.2 (command-line k3s-agent:2:21)',
      'server=https://10.0.0.1:6443 (environment k3s.env:1:1)',
    ])
  })

  test('follows --config to its file and that file’s drop-ins, and K3S_CONFIG_FILE before it', () => {
    const files = new Map([
      ['/etc/systemd/system/k3s.service', '[Service]\nExecStart=/bin/k3s server --config=/a.yaml\n'],
      ['/etc/rancher/k3s/config.yaml', 'node-name: default\n'],
      ['/a.yaml', 'node-name: flag\n'],
      ['/e.yaml.d/x.yaml', 'node-name: variable\n'],
    ])
    expect(readNodeConfig({ files }).reading.files.map(({ path }) => path)).toEqual(['/a.yaml'])
    const at = { place: { file: 'process', line: 1, column: 1 } }
    const outcome = readNodeConfig({ files, environment: { values: { K3S_CONFIG_FILE: '/e.yaml' }, at } })
    expect(outcome.reading.files.map(({ path }) => path)).toEqual(['/e.yaml.d/x.yaml'])
    expect(outcome.location.chosenBy).toBe('environment')
  })

  test('fills the variables of a unit in', () => {
    const { reading } = readNodeConfig({
      files: new Map([
        [
          '/etc/systemd/system/k3s.service',
          '[Service]\nEnvironmentFile=/etc/default/k3s\nExecStart=/bin/k3s server $OPTS\n',
        ],
        ['/etc/default/k3s', 'OPTS="--node-ip 10.0.0.1 --flannel-ipv6-masq"\n'],
      ]),
    })
    expect(reading.arguments.map(({ key, text }) => `${key}=${text}`)).toEqual([
      'node-ip=10.0.0.1',
      'flannel-ipv6-masq=true',
    ])
  })

  test('gathers what is wrong in every part of it', () => {
    const { problems } = readNodeConfig({
      files: new Map([
        [
          '/etc/systemd/system/k3s.service',
          '[Service]\nEnvironmentFile=/gone\nEnvironmentFile=/env\nExecStart=/bin/k3s server x --config=https://h/c\n',
        ],
        ['/env', 'nonsense\n'],
        ['https://h/c.d/x.yaml', '- a\n'],
      ]),
    })
    expect(problems.map(({ code }) => code)).toEqual([
      'ENVIRONMENT_FILE_UNKNOWN',
      'ENVIRONMENT_LINE_UNREADABLE',
      'ARGUMENT_STRAY',
      'CONFIG_NOT_ON_MACHINE',
      'CONFIG_NOT_A_MAPPING',
    ])
  })

  test('without a service takes the arguments it is given', () => {
    const at = { place: { file: 'container', line: 1, column: 1 } }
    const outcome = readNodeConfig({ files: new Map(), arguments: { words: ['k3s', 'server', '--debug'], at } })
    expect(outcome).toMatchObject({
      role: 'server',
      problems: [],
      reading: { arguments: [{ key: 'debug', text: 'true', at }] },
    })
  })

  test('of an empty machine is empty', () => {
    expect(readNodeConfig({ files: new Map() })).toEqual({
      reading: { files: [], ignoredFiles: [], arguments: [], environment: [] },
      location: expect.objectContaining({ path: '/etc/rancher/k3s/config.yaml', chosenBy: 'default' }),
      environmentFiles: [],
      problems: [],
    })
  })
})

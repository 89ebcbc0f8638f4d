import { describe, expect, test } from 'vitest'
import { configFilesAmong, configLocation } from '../../../src/k3s/config/discovery.ts'
import { serviceFilesAmong } from '../../../src/k3s/config/service-files.ts'

const at = { place: { file: 'k3s.service', line: 3, column: 5 }, sourceLine: '--config=http://u:s3cr3t@host/x' }
const variable = (value: string): { name: string; value: string; at: typeof at } => ({
  name: 'K3S_CONFIG_FILE',
  value,
  at,
})

describe('the main file', () => {
  const cases: readonly (readonly [
    name: string,
    args: readonly (readonly [string, string])[],
    variables: readonly string[],
    path: string,
    chosenBy: string,
  ])[] = [
    ['is the default when nobody says otherwise', [], [], '/etc/rancher/k3s/config.yaml', 'default'],
    ['is what --config says', [['config', '/a.yaml']], [], '/a.yaml', 'command-line'],
    ['is what -c says', [['c', '/a.yaml']], [], '/a.yaml', 'command-line'],
    [
      'is the first of two',
      [
        ['config', '/a.yaml'],
        ['c', '/b.yaml'],
      ],
      [],
      '/a.yaml',
      'command-line',
    ],
    ['is what the variable says, before the flag', [['config', '/a.yaml']], ['/e.yaml'], '/e.yaml', 'environment'],
    ['is not what an empty variable says', [['config', '/a.yaml']], [''], '/a.yaml', 'command-line'],
    ['is not what an earlier variable said', [], ['/e.yaml', '/f.yaml'], '/f.yaml', 'environment'],
  ]
  for (const [name, args, variables, path, chosenBy] of cases) {
    test(name, () => {
      const found = configLocation(
        args.map(([key, text]) => ({ key, text, at })),
        variables.map(variable),
      )
      expect(found).toMatchObject({ path, chosenBy, dropInDirectory: `${path}.d`, problems: [] })
    })
  }

  test('may be an address, whose content is not known here', () => {
    const found = configLocation([{ key: 'config', text: 'http://u:s3cr3t@host/x', at }], [])
    expect(found.problems.map(({ code, place }) => [code, place.line])).toEqual([['CONFIG_NOT_ON_MACHINE', 3]])
    expect(JSON.stringify(found.problems)).not.toContain('s3cr3t')
  })
})

describe('the files that K3s reads', () => {
  const main = '/etc/rancher/k3s/config.yaml'
  const location = configLocation([], [])

  test('are the main file and the drop-ins by the bytes of their names', () => {
    const names = ['b.yaml', '2-x.yaml', '10-x.yml', 'B.YAML', 'a.Yml', 'é.yaml', '_.yaml']
    const found = configFilesAmong(
      [...names.map((name) => `${main}.d/${name}`), main, '/etc/rancher/k3s/other.yaml'],
      location,
    )
    expect(found.read.map((path) => path.replace(`${main}.d/`, ''))).toEqual([
      main,
      '10-x.yml',
      '2-x.yaml',
      'B.YAML',
      '_.yaml',
      'a.Yml',
      'b.yaml',
      'é.yaml',
    ])
    expect(found.ignored).toEqual([])
  })

  test('are the drop-ins alone where there is no main file', () => {
    expect(configFilesAmong([`${main}.d/x.yaml`], location).read).toEqual([`${main}.d/x.yaml`])
  })

  test('are not those with other names, or in folders', () => {
    const others = ['README', 'x.yaml.bak', 'x.yaml~', 'x.json', 'deep/x.yaml', '.yaml.swp']
    const found = configFilesAmong(
      others.map((name) => `${main}.d/${name}`),
      location,
    )
    expect(found.read).toEqual([])
    expect(found.ignored).toHaveLength(others.length)
  })

  test('lie beside the file that was chosen', () => {
    const chosen = configLocation([{ key: 'config', text: '/opt/k3s.yaml', at }], [])
    expect(
      configFilesAmong([main, `${main}.d/x.yaml`, '/opt/k3s.yaml', '/opt/k3s.yaml.d/x.yaml'], chosen).read,
    ).toEqual(['/opt/k3s.yaml', '/opt/k3s.yaml.d/x.yaml'])
  })
})

describe('the services of a machine', () => {
  test('are found where the installer and packages put them, the administrator’s first', () => {
    expect(
      serviceFilesAmong(new Set(['/usr/lib/systemd/system/k3s.service', '/etc/systemd/system/k3s.service'])),
    ).toEqual([{ manager: 'systemd', unit: '/etc/systemd/system/k3s.service', dropIns: [] }])
    expect(serviceFilesAmong(new Set(['/etc/init.d/k3s-agent', '/etc/init.d/sshd']))).toEqual([
      { manager: 'openrc', unit: '/etc/init.d/k3s-agent', dropIns: [] },
    ])
    expect(serviceFilesAmong(new Set())).toEqual([])
  })

  test('have drop-ins of every directory, by name, a stronger one hiding a weaker one', () => {
    const files = [
      '/usr/lib/systemd/system/k3s.service',
      '/usr/lib/systemd/system/k3s.service.d/10-a.conf',
      '/usr/lib/systemd/system/k3s.service.d/30-c.conf',
      '/etc/systemd/system/k3s.service.d/20-b.conf',
      '/etc/systemd/system/k3s.service.d/10-a.conf',
      '/etc/systemd/system/k3s.service.d/notes.txt',
      '/etc/systemd/system/k3s.service.d/deep/x.conf',
    ]
    expect(serviceFilesAmong(new Set(files))[0]?.dropIns).toEqual([
      '/etc/systemd/system/k3s.service.d/10-a.conf',
      '/etc/systemd/system/k3s.service.d/20-b.conf',
      '/usr/lib/systemd/system/k3s.service.d/30-c.conf',
    ])
  })
})

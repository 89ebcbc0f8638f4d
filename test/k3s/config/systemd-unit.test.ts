import { describe, expect, test } from 'vitest'
import { readSystemdUnit } from '../../../src/k3s/config/systemd-unit.ts'
import { splitUnitWords } from '../../../src/k3s/config/systemd-words.ts'
import { fillUnitVariables } from '../../../src/k3s/config/unit-variables.ts'

const unitPath = '/etc/systemd/system/k3s.service'

function read(...texts: string[]): { readonly words: string[]; readonly codes: string[] } {
  const files = texts.map((text, index) => ({ path: index === 0 ? unitPath : `${unitPath}.d/${index}.conf`, text }))
  const { words, problems } = readSystemdUnit(files)
  return {
    words: words.map(({ text }) => text),
    codes: problems.map(({ code, place }) => `${code}@${place.line}:${place.column}`),
  }
}

const installed = `[Unit]
Description=Lightweight Kubernetes
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/sysconfig/%N
EnvironmentFile=-/etc/systemd/system/k3s.service.env
KillMode=process
Delegate=yes
# Having non-zero Limit*s causes performance problems
LimitNOFILE=1048576
Restart=always
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStart=/usr/local/bin/k3s \\
    server \\
	'--flannel-backend' \\
	'none' \\
	'--node-label=a="b c"' \\
	'--disable' \\
	'traefik' \\

`

describe('a unit as the installer writes it', () => {
  test('has its words, over continuation lines and in quotes', () => {
    expect(read(installed)).toEqual({
      words: [
        '/usr/local/bin/k3s',
        'server',
        '--flannel-backend',
        'none',
        '--node-label=a="b c"',
        '--disable',
        'traefik',
      ],
      codes: [],
    })
  })

  test('has every word on its line', () => {
    const { words } = readSystemdUnit([{ path: unitPath, text: installed }])
    expect(words.map(({ at }) => `${at.place.line}:${at.place.column}`)).toEqual([
      '19:11',
      '20:5',
      '21:2',
      '22:2',
      '23:2',
      '24:2',
      '25:2',
    ])
    expect(words[3]?.at.sourceLine).toBe("\t'none' \\")
  })

  test('names its files of variables, with the name of the unit in them', () => {
    const { environmentFiles } = readSystemdUnit([{ path: unitPath, text: installed }])
    expect(
      environmentFiles.map(({ path, isOptional, at }) => [path, isOptional, at.place.line, at.place.column]),
    ).toEqual([
      ['/etc/default/k3s', true, 10, 18],
      ['/etc/sysconfig/k3s', true, 11, 18],
      ['/etc/systemd/system/k3s.service.env', true, 12, 18],
    ])
  })
})

const service = (...lines: string[]): string => ['[Service]', ...lines, ''].join('\n')

describe('a unit', () => {
  const cases: readonly (readonly [
    name: string,
    texts: readonly string[],
    words: readonly string[],
    codes?: readonly string[],
  ])[] = [
    ['has nothing to say without a Service section', ['[Unit]\nExecStart=/bin/k3s server\n'], []],
    ['may have blanks around the equals sign', [service('ExecStart = /bin/k3s server')], ['/bin/k3s', 'server']],
    [
      'may have comments among its continuations',
      [service('ExecStart=/bin/k3s \\', '# one', '; two', '  server')],
      ['/bin/k3s', 'server'],
    ],
    ['may have Windows line ends', ['[Service]\r\nExecStart=/bin/k3s \\\r\n  server\r\n'], ['/bin/k3s', 'server']],
    ['may end in a continuation', ['[Service]\nExecStart=/bin/k3s server \\'], ['/bin/k3s', 'server']],
    ['may have signs before the command', [service('ExecStart=-!/bin/k3s server')], ['/bin/k3s', 'server']],
    [
      'may give the process another name',
      [service('ExecStart=@/bin/k3s k3s-server server --debug')],
      ['/bin/k3s', 'server', '--debug'],
    ],
    [
      'leaves specifiers alone',
      [service('ExecStart=/bin/k3s server --node-name %H')],
      ['/bin/k3s', 'server', '--node-name', '%H'],
    ],
    [
      'is replaced by a drop-in that resets it',
      [service('ExecStart=/bin/k3s server'), service('ExecStart=', 'ExecStart=/bin/k3s agent')],
      ['/bin/k3s', 'agent'],
    ],
    [
      'is added to by a drop-in that does not, which systemd refuses',
      [service('ExecStart=/bin/k3s server'), service('ExecStart=/bin/k3s agent')],
      ['/bin/k3s', 'server'],
      ['SERVICE_TWO_COMMANDS@2:11'],
    ],
    ['loses its command to an empty one', [service('ExecStart=/bin/k3s server', 'ExecStart=')], []],
    ['with an open quote is told', [service(`ExecStart=/bin/k3s server '--x`)], [], ['SERVICE_QUOTE_OPEN@2:11']],
    [
      'that runs a script is told',
      [service(`ExecStart=/bin/sh -c 'exec k3s server $(cat /flags)'`)],
      [],
      ['SERVICE_WRAPPED@2:11'],
    ],
    [
      'that runs something else is told',
      [service('ExecStart=/usr/bin/nice -n 5 k3s server')],
      [],
      ['SERVICE_WRAPPED@2:11'],
    ],
    [
      'that ran a script before its reset is not',
      [service('ExecStart=/bin/sh -c k3s'), service('ExecStart=', 'ExecStart=/bin/k3s server')],
      ['/bin/k3s', 'server'],
    ],
  ]
  for (const [name, texts, words, codes = []] of cases) {
    test(name, () => {
      expect(read(...texts)).toEqual({ words, codes })
    })
  }

  test('sets variables, and forgets them', () => {
    const text = service('Environment=A=1 "B=2 3" C=\'4\'', 'Environment=K3S_TOKEN=s3cr3t D', 'EnvironmentFile=/needed')
    const { environment, environmentFiles } = readSystemdUnit([{ path: unitPath, text }])
    expect(environment.map(({ name, value, at }) => [name, value, at.place.line, at.place.column])).toEqual([
      ['A', '1', 2, 13],
      ['B', '2 3', 2, 17],
      ['C', '4', 2, 25],
      ['K3S_TOKEN', '********', 3, 13],
    ])
    expect(environmentFiles.map(({ path, isOptional }) => [path, isOptional])).toEqual([['/needed', false]])
    const reset = readSystemdUnit([
      { path: unitPath, text: `${text}Environment=\nEnvironmentFile=\nEnvironment=E=5\n` },
    ])
    expect(reset.environment.map(({ name }) => name)).toEqual(['E'])
    expect(reset.environmentFiles).toEqual([])
  })

  test('shows none of its lines when a token stands on one', () => {
    const { words } = readSystemdUnit([
      { path: unitPath, text: service('ExecStart=/bin/k3s server \\', '  --token \\', '  s3cr3t \\', '  --debug') },
    ])
    expect(words.every(({ at }) => at.sourceLine === undefined)).toBe(true)
  })
})

describe('words as systemd splits them', () => {
  const cases: readonly (readonly [value: string, words: readonly string[] | undefined])[] = [
    ['a  b\tc ', ['a', 'b', 'c']],
    [`"a b" 'c d'`, ['a b', 'c d']],
    [`--x="a b"c`, ['--x=a bc']],
    [`'a"b' "c'd"`, ['a"b', "c'd"]],
    [`''`, ['']],
    ['a\\tb a\\sb', ['a\tb', 'a b']],
    ['\\x41\\u00e9\\101', ['AéA']],
    ['\\"a\\" \\\\', ['"a"', '\\']],
    [`'\\x41'`, ['A']],
    ['\\d \\', ['\\d', '\\']],
    ['\\x00', ['\\x00']],
    ['', []],
    [`'a`, undefined],
    ['a"', undefined],
  ]
  for (const [value, words] of cases) {
    test(JSON.stringify(value), () => {
      expect(splitUnitWords(value)?.map(({ text }) => text)).toEqual(words)
    })
  }
})

describe('variables in a command line', () => {
  const at = { place: { file: unitPath, line: 1, column: 1 } }
  const fill = (...texts: string[]): string[] =>
    fillUnitVariables(
      texts.map((text) => ({ text, at })),
      [
        { name: 'ARGS', value: '--a 1  --b=2', at },
        { name: 'IP', value: '10.0.0.1', at },
        { name: 'IP', value: '10.0.0.2', at },
        { name: 'K3S_TOKEN', value: 's3cr3t', at },
      ],
    ).map(({ text }) => text)

  test('fall apart when they stand alone', () => {
    expect(fill('k3s', '$ARGS', '$NOTHING')).toEqual(['k3s', '--a', '1', '--b=2'])
  })

  test('do not in braces, where the last value counts', () => {
    expect(fill(`\${ARGS}`, `--node-ip=\${IP}`, `\${NOTHING}`)).toEqual(['--a 1  --b=2', '--node-ip=10.0.0.2', ''])
  })

  test('are doubled to mean a dollar, and are plain within a word', () => {
    expect(fill('a$$b', '--x=$IP')).toEqual(['a$b', '--x=$IP'])
  })

  test('show no secret', () => {
    expect(fill(`--token=\${K3S_TOKEN}`)).toEqual(['--token=********'])
  })
})

import { describe, expect, test } from 'vitest'
import { readOpenrcService } from '../../../src/k3s/config/openrc-service.ts'
import { splitShellWords } from '../../../src/k3s/config/shell-words.ts'

const path = '/etc/init.d/k3s'

const installed = `#!/sbin/openrc-run

depend() {
    after network-online
    want cgroups
}

start_pre() {
    rm -f /tmp/k3s.*
}

supervisor=supervise-daemon
name=k3s
command="/usr/local/bin/k3s"
command_args="server \\
	'--disable' \\
	'traefik' \\
	'--node-label=a=\\"b c\\"' \\
    >>/var/log/k3s.log 2>&1"

output_log=/var/log/k3s.log
pidfile="/var/run/k3s.pid"
respawn_delay=5

set -o allexport
if [ -f /etc/environment ]; then . /etc/environment; fi
if [ -f /etc/rancher/k3s/k3s.env ]; then . /etc/rancher/k3s/k3s.env; fi
set +o allexport
`

describe('an OpenRC service', () => {
  test('as the installer writes it has its words, without where its output goes', () => {
    const { words, environmentFiles, problems } = readOpenrcService({ path, text: installed })
    expect(words.map(({ text }) => text)).toEqual([
      '/usr/local/bin/k3s',
      'server',
      '--disable',
      'traefik',
      '--node-label=a="b c"',
    ])
    expect(words.map(({ at }) => `${at.place.line}:${at.place.column}`)).toEqual([
      '14:9',
      '15:15',
      '16:2',
      '17:2',
      '18:2',
    ])
    expect(environmentFiles.map(({ path: file, isOptional, reader }) => [file, isOptional, reader])).toEqual([
      ['/etc/environment', true, 'shell'],
      ['/etc/rancher/k3s/k3s.env', true, 'shell'],
    ])
    expect(problems).toEqual([])
  })

  const cases: readonly (readonly [name: string, text: string, words: readonly string[], codes?: readonly string[]])[] =
    [
      ['may have no arguments', 'command=/usr/bin/k3s\n', ['/usr/bin/k3s']],
      ['may write them without quotes', 'command=/usr/bin/k3s\ncommand_args=server\n', ['/usr/bin/k3s', 'server']],
      ['takes the last of two', 'command=/a/k3s\ncommand=/b/k3s\n', ['/b/k3s']],
      ['that is no service is told', 'echo hello\n', [], ['SERVICE_WITHOUT_COMMAND@1:1']],
      [
        'with a variable in it is told',
        'command=/bin/k3s\ncommand_args="server $OPTS"\n',
        [],
        ['SERVICE_ARGS_NOT_PLAIN@2:14'],
      ],
      [
        'with a variable behind one more pair of quotes is told',
        `command=/bin/k3s\ncommand_args='server $OPTS'\n`,
        [],
        ['SERVICE_ARGS_NOT_PLAIN@2:14'],
      ],
      ['with an open quote is told', 'command=/bin/k3s\ncommand_args="server\n', [], ['SERVICE_ARGS_NOT_PLAIN@2:14']],
      [
        'with a second command is told',
        'command=/bin/k3s\ncommand_args="server; rm x"\n',
        [],
        ['SERVICE_ARGS_NOT_PLAIN@2:14'],
      ],
      ['that starts something else is told', 'command=/bin/sh\ncommand_args="-c k3s"\n', [], ['SERVICE_WRAPPED@1:9']],
    ]
  for (const [name, text, words, codes = []] of cases) {
    test(name, () => {
      const read = readOpenrcService({ path, text })
      expect(read.words.map((word) => word.text)).toEqual(words)
      expect(read.problems.map(({ code, place }) => `${code}@${place.line}:${place.column}`)).toEqual(codes)
    })
  }

  test('exports variables, and hides secret ones', () => {
    const { environment } = readOpenrcService({
      path,
      text: 'command=/bin/k3s\nexport A="b c"\n  export K3S_TOKEN=s3cr3t\nexport C=$D\n',
    })
    expect(environment.map(({ name, value, at }) => [name, value, at.place.line, at.place.column])).toEqual([
      ['A', 'b c', 2, 8],
      ['K3S_TOKEN', '********', 3, 10],
    ])
  })
})

describe('words of a shell', () => {
  const cases: readonly (readonly [command: string, words: readonly string[] | undefined])[] = [
    [`a 'b c' "d e" f\\ g`, ['a', 'b c', 'd e', 'f g']],
    [`'a'"b"c`, ['abc']],
    [`"a\\"b\\x" 'a\\b'`, ['a"b\\x', 'a\\b']],
    [`'$a' "it's"`, ['$a', "it's"]],
    ['a \\\n b', ['a', 'b']],
    ['a # b', ['a']],
    ['a#b', ['a#b']],
    ['a>b 2>&1', ['a', '>', 'b', '2>&1']],
    ['a|b&&c||d;e&', ['a', '|', 'b', '&&', 'c', '||', 'd', ';', 'e', '&']],
    ['', []],
    ['$a', undefined],
    ['"$a"', undefined],
    ['`a`', undefined],
    ['a*', undefined],
    ['{a,b}', undefined],
    [`'a`, undefined],
    ['a\\', undefined],
  ]
  for (const [command, words] of cases) {
    test(JSON.stringify(command), () => {
      expect(splitShellWords(command)?.map(({ text }) => text)).toEqual(words)
    })
  }

  test('end a command at the end of a line where that is asked for', () => {
    expect(splitShellWords('a\nb', { linesAreCommands: true })?.map(({ kind }) => kind)).toEqual([
      'word',
      'operator',
      'word',
    ])
    expect(splitShellWords('a\nb')?.map(({ kind }) => kind)).toEqual(['word', 'word'])
  })
})

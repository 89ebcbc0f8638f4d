import { describe, expect, test } from 'vitest'
import { readArguments } from '../../../src/k3s/config/arguments.ts'
import { wordsAt } from '../../../src/k3s/config/located-word.ts'
import { readNodeArgs } from '../../../src/k3s/config/node-args.ts'
import { isBoolean } from './config-texts.ts'

const at = { place: { file: 'argv', line: 1, column: 1 }, sourceLine: 'the whole line' }

function read(...argv: string[]): {
  readonly command: string | undefined
  readonly args: string[]
  readonly codes: string[]
} {
  const { command, arguments: found, problems } = readArguments(wordsAt(argv, at), { isBoolean })
  return { command, args: found.map(({ key, text }) => `${key}=${text}`), codes: problems.map(({ code }) => code) }
}

describe('a command line', () => {
  test('has values behind a blank or an equals sign, with one dash or two', () => {
    expect(
      read('k3s', 'server', '--node-ip', '10.0.0.1', '--node-name=a', '-i', 'fd00::1', '-d=/x', '-data-dir', '/y'),
    ).toEqual({
      command: 'server',
      args: ['node-ip=10.0.0.1', 'node-name=a', 'i=fd00::1', 'd=/x', 'data-dir=/y'],
      codes: [],
    })
  })

  test('has switches without a value', () => {
    expect(
      read('k3s', 'server', '--cluster-init', '--disable-network-policy=false', '--flannel-ipv6-masq').args,
    ).toEqual(['cluster-init=true', 'disable-network-policy=false', 'flannel-ipv6-masq=true'])
  })

  test('keeps equals signs and line ends in values, and empty values', () => {
    expect(
      read(
        'k3s',
        'agent',
        '--kubelet-arg=a=b',
        '--kubelet-arg',
        'c=d',
        '--node-label=x=1\n2',
        '--node-name=',
        '--node-ip',
        '',
      ),
    ).toEqual({
      command: 'agent',
      args: ['kubelet-arg=a=b', 'kubelet-arg=c=d', 'node-label=x=1\n2', 'node-name=', 'node-ip='],
      codes: [],
    })
  })

  test('gives a flag with a value the next word, whatever it looks like', () => {
    expect(read('k3s', 'server', '--node-name', '--cluster-init').args).toEqual(['node-name=--cluster-init'])
  })

  test('gives a flag that nobody knows the next word unless that is a flag', () => {
    expect(read('k3s', 'server', '--new-thing', 'x', '--newer-thing', '--node-name', 'a').args).toEqual([
      'new-thing=x',
      'newer-thing=true',
      'node-name=a',
    ])
  })

  test('may have flags before the command', () => {
    expect(read('/usr/local/bin/k3s', '--debug', 'server', '--node-name', 'a')).toEqual({
      command: 'server',
      args: ['debug=true', 'node-name=a'],
      codes: [],
    })
  })

  test('may say nothing', () => {
    expect(read('k3s', 'server')).toEqual({ command: 'server', args: [], codes: [] })
    expect(read('k3s')).toEqual({ command: undefined, args: [], codes: [] })
    expect(read()).toEqual({ command: undefined, args: [], codes: [] })
  })

  test('with a stray word says so, and the flags after it are read', () => {
    expect(read('k3s', 'server', '--cluster-init', 'false', '--node-name', 'a')).toEqual({
      command: 'server',
      args: ['cluster-init=true', 'node-name=a'],
      codes: ['ARGUMENT_STRAY'],
    })
    expect(read('k3s', 'server', '--', '-', '--=x').codes).toEqual(Array(3).fill('ARGUMENT_STRAY'))
  })

  test('that ends too early says so', () => {
    expect(read('k3s', 'server', '--node-name')).toEqual({
      command: 'server',
      args: [],
      codes: ['ARGUMENT_WITHOUT_VALUE'],
    })
  })

  test('shows no secret, and not its line', () => {
    const { arguments: found } = readArguments(
      wordsAt(
        ['k3s', 'server', '--token', 's3cr3t', '-t=s3cr3t', '--vpn-auth=joinKey=s3cr3t', '--token-file', '/x'],
        at,
      ),
      { isBoolean },
    )
    expect(found).toEqual([
      { key: 'token', text: '********', at: { place: at.place } },
      { key: 't', text: '********', at: { place: at.place } },
      { key: 'vpn-auth', text: '********', at: { place: at.place } },
      { key: 'token-file', text: '/x', at },
    ])
  })
})

describe('the annotation k3s.io/node-args', () => {
  function readAnnotation(text: string): readonly [string | undefined, readonly string[], readonly string[]] {
    const { command, arguments: found, problems } = readNodeArgs(text, at, isBoolean)
    return [command, found.map(({ key, text: value }) => `${key}=${value}`), problems.map(({ code }) => code)]
  }

  test('has the words of a value apart, also those of a switch', () => {
    expect(
      readAnnotation(
        '["server","--cluster-init","true","--disable","traefik","--disable","","--flannel-ipv6-masq","--node-ip","10.0.0.1","-c=/x","--token","********"]',
      ),
    ).toEqual([
      'server',
      [
        'cluster-init=true',
        'disable=traefik',
        'disable=',
        'flannel-ipv6-masq=true',
        'node-ip=10.0.0.1',
        'c=/x',
        'token=********',
      ],
      [],
    ])
  })

  test('of a node without flags', () => {
    expect(readAnnotation('["agent"]')).toEqual(['agent', [], []])
    expect(readAnnotation('[]')).toEqual([undefined, [], []])
  })

  for (const text of ['', '{}', '[1]', '["server"', 'null', '"server"']) {
    test(`that is ${text === '' ? 'empty' : text} is told`, () => {
      expect(readAnnotation(text)).toEqual([undefined, [], ['NODE_ARGS_UNREADABLE']])
    })
  }
})

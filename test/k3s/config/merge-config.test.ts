import { describe, expect, test } from 'vitest'
import { mergeConfigFiles } from '../../../src/k3s/config/merge-config.ts'
import { configFiles } from './config-texts.ts'

/** The arguments that K3s makes of its files. */
function argumentsOf(main: string | undefined, dropIns: Readonly<Record<string, string>> = {}): string[] {
  return mergeConfigFiles(configFiles(main, dropIns)).flatMap(({ key, values }) =>
    values.map(({ text }) => `--${key}=${text}`),
  )
}

const cases: readonly {
  readonly name: string
  readonly main?: string
  readonly dropIns?: Readonly<Record<string, string>>
  readonly expected: readonly string[]
}[] = [
  { name: 'keys keep their order', main: 'b: 1\na: 2\n', expected: ['--b=1', '--a=2'] },
  {
    name: 'a key keeps the place where it was first seen, in whichever file',
    main: 'a: 1\nb: 1\n',
    dropIns: { '10-x.yaml': 'c: 2\nb: 2\na: 2\n' },
    expected: ['--a=2', '--b=2', '--c=2'],
  },
  {
    name: 'a list gives one argument an item',
    main: 'disable: [traefik, servicelb]',
    expected: ['--disable=traefik', '--disable=servicelb'],
  },
  {
    name: 'a plain key discards a list',
    main: 'disable: [traefik, servicelb]',
    dropIns: { '10-x.yaml': 'disable: [coredns]' },
    expected: ['--disable=coredns'],
  },
  {
    name: 'a key with + adds to a list',
    main: 'disable: [traefik]',
    dropIns: { '10-x.yaml': 'disable+: [coredns, servicelb]' },
    expected: ['--disable=traefik', '--disable=coredns', '--disable=servicelb'],
  },
  { name: 'a key with + alone is plain', dropIns: { 'x.yaml': 'disable+: traefik' }, expected: ['--disable=traefik'] },
  {
    name: 'a key with + after a text makes two arguments',
    main: 'flannel-backend: vxlan',
    dropIns: { 'x.yaml': 'flannel-backend+: host-gw' },
    expected: ['--flannel-backend=vxlan', '--flannel-backend=host-gw'],
  },
  {
    name: 'a plain key after + replaces everything',
    main: 'tls-san: a.example',
    dropIns: { '1.yaml': 'tls-san+: b.example', '2.yaml': 'tls-san: c.example', '3.yaml': 'tls-san+: d.example' },
    expected: ['--tls-san=c.example', '--tls-san=d.example'],
  },
  { name: 'the second of two equal keys replaces the first', main: 'a: 1\na: 2\n', expected: ['--a=2'] },
  { name: '+ works within one file', main: 'a: 1\na+: 2\n', expected: ['--a=1', '--a=2'] },
  { name: 'booleans are words', main: 'a: yes\nb: off\n', expected: ['--a=true', '--b=false'] },
  { name: 'null is an empty argument', main: 'a:\nb: ~\n', expected: ['--a=', '--b='] },
  { name: 'null adds nothing', main: 'a: x\na+:\n', expected: ['--a=x'] },
  { name: 'null that is added to goes', main: 'a:\na+: x\n', expected: ['--a=x'] },
  { name: 'an empty text is kept when it is added', main: 'a: x\na+: ""\n', expected: ['--a=x', '--a='] },
  { name: 'an empty item stays', main: 'a: [x, "", ~]\n', expected: ['--a=x', '--a=', '--a='] },
  { name: 'an empty list says nothing', main: 'a: []\n', expected: [] },
  { name: 'an empty list takes away what was there', main: 'a: [x]', dropIns: { 'x.yaml': 'a: []' }, expected: [] },
  { name: 'an empty list adds nothing', main: 'a: [x]', dropIns: { 'x.yaml': 'a+: []' }, expected: ['--a=x'] },
  { name: 'a list in a list is its first item', main: 'a: [[v, w], z]', expected: ['--a=v', '--a=z'] },
  { name: 'a mapping has no text that could be told', main: 'a: {b: c}\nd: [{e: f}, g]\n', expected: ['--d=g'] },
  { name: 'two names of one flag are two keys', main: 'data-dir: /a\nd: /b\n', expected: ['--data-dir=/a', '--d=/b'] },
]

describe('files are merged as K3s merges them', () => {
  for (const { name, main, dropIns, expected } of cases) {
    test(name, () => {
      expect(argumentsOf(main, dropIns)).toEqual(expected)
    })
  }

  test('and every value says where it stands', () => {
    const merged = mergeConfigFiles(configFiles('tls-san:\n- a\n', { 'x.yaml': '\ntls-san+: b\n' }))
    expect(merged).toEqual([
      {
        key: 'tls-san',
        at: expect.objectContaining({ place: { file: '/etc/rancher/k3s/config.yaml', line: 1, column: 1 } }),
        values: [
          {
            text: 'a',
            origin: 'config-file',
            at: { place: { file: '/etc/rancher/k3s/config.yaml', line: 2, column: 3 }, sourceLine: '- a' },
          },
          {
            text: 'b',
            origin: 'drop-in',
            at: {
              place: { file: '/etc/rancher/k3s/config.yaml.d/x.yaml', line: 2, column: 11 },
              sourceLine: 'tls-san+: b',
            },
          },
        ],
      },
    ])
  })
})

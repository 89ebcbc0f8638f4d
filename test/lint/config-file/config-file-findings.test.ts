import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConfigValue } from '../../../src/domain/k3s-config-reading.ts'
import type { Problem } from '../../../src/domain/problem.ts'
import { configFileRules } from '../../../src/lint/config-file/config-file-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { at } from '../../lab/lint-subject.ts'
import { agent, machine, managed, one, server, written } from './config-subjects.ts'
import { configFile, dropIn, entry, list, nodeConfig, scalar } from './node-config.ts'

function only(rule: string, checked: LintSubject): Problem[] {
  return runRules(
    configFileRules.rules.filter(({ id }) => id === rule),
    checked,
  )
}

describe('findings', () => {
  test('guess what was meant, among what the command knows', () => {
    expect(only('cfg-unknown-key-server', server({ 'flannel-backed': 'vxlan' }))).toMatchObject([
      {
        code: 'CFG_UNKNOWN_KEY_SERVER',
        severity: 'error',
        what: '"flannel-backed" is no option of k3s server',
        fix: 'did you mean flannel-backend?',
        place: { file: 'config.yaml#flannel-backed' },
      },
    ])
    expect(only('cfg-unknown-key-agent', agent({ 'flannel-backed': 'vxlan' }))[0]?.fix).not.toContain('flannel-backend')
  })

  test('say once what a file and the settings made of it both say', () => {
    const file = configFile([{ ...entry('nope', 'a'), at: at('config.yaml#nope') }])
    const both = one({ settings: { nope: 'a' }, config: nodeConfig({ files: [file] }) })
    expect(only('cfg-unknown-key-server', both)).toHaveLength(1)
  })

  test('name the file that wins over the managed one, and the key', () => {
    const later = configFile([entry('disable', 'servicelb', dropIn('99.yaml'))], dropIn('99.yaml'))
    expect(only('cfg-later-dropin-overrides', machine({ files: [managed, later] }))).toMatchObject([
      { what: `${dropIn('99.yaml')} sets disable after ${dropIn('90-fairlead.yaml')}`, severity: 'error' },
    ])
  })

  test('are milder where the text comes through as it was meant', () => {
    const quoted = only('cfg-bool-typed-string', written(entry('debug', scalar('true', { isQuoted: true }))))
    const word = only('cfg-bool-typed-string', written(entry('debug', scalar('yes', { isQuoted: true }))))
    expect(quoted[0]?.severity).toBe('notice')
    expect(word[0]?.severity).toBe('warning')
  })

  test('do not stop a repository that describes a cluster too old for drop-ins', () => {
    expect(only('cfg-file-unsupported', server({ 'node-ip': '10.0.0.1' }, 'v1.20.15+k3s1'))).toMatchObject([
      { severity: 'warning', place: { file: 'clusters/home/network.yaml' } },
    ])
  })

  test('never repeat a token', () => {
    const number = scalar('420', {
      type: 'integer',
      source: '0644',
      at: { ...at('config.yaml'), sourceLine: 't: 0644' },
    })
    const [problem] = only('cfg-octal', written(entry('t', number)))
    expect(problem?.what).toBe('K3s does not get the value of t as it is written')
    expect(problem?.sourceLine).toBeUndefined()
  })

  test('never show an address that a configuration comes from', () => {
    const found = only(
      'cfg-env-file-wins',
      machine({ environment: { K3S_CONFIG_FILE: 'https://me:hush@a.example/c.yaml' }, arguments: { c: '/b.yaml' } }),
    )
    expect(found[0]?.what).toBe('--config names /b.yaml, and K3S_CONFIG_FILE names an address')
  })

  test('tell a mapping from a list in a list', () => {
    const what = (value: ConfigValue): string | undefined =>
      only('cfg-map-value', written(entry('node-label', value)))[0]?.what
    expect(what({ kind: 'map' })).toBe('the value of node-label is a mapping')
    expect(what(list({ kind: 'map' }))).toBe('an item of node-label is a mapping')
    expect(what(list(list(scalar('a=b'))))).toBe('an item of node-label is a list')
  })

  test('name the variable that exists', () => {
    const found = only('cfg-env-cidr', machine({ environment: { K3S_SERVER: 'https://a:6443' } }))
    expect(found[0]?.fix).toBe('use K3S_URL')
  })
})

test('no text in settings, files, arguments or environment makes a rule throw', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('disable', 'token', 't', 'node-ip', 'v', '__proto__', ''))
  const pairs = fc.dictionary(text, text, { maxKeys: 4 })
  const version = fc.constantFrom('v1.17.0', 'v1.20.15+k3s1', 'v1.33.4+k3s1', 'nonsense')
  fc.assert(
    fc.property(pairs, pairs, pairs, version, fc.constantFrom('server' as const, 'agent' as const), (...drawn) => {
      const [values, options, variables, release, role] = drawn
      const entries = Object.entries(values).flatMap(([key, value]) => [
        entry(`${key}+`, value),
        entry(key, list(scalar(value, { type: 'boolean' }), { kind: 'map' })),
      ])
      const config = nodeConfig({ files: [configFile(entries)], arguments: options, environment: variables })
      const problems = runRules(configFileRules.rules, one({ role, settings: values, config }, release))
      expect(Array.isArray(problems)).toBe(true)
    }),
  )
})

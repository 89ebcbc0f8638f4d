import { expect, test } from 'vitest'
import { annotatedSettings, settingsInForce } from '../../../src/k3s/config/annotated-settings.ts'
import { settings } from '../../lab/lint-subject.ts'

function annotated(args: string | undefined) {
  const annotations = args === undefined ? {} : { 'k3s.io/node-args': args }
  return annotatedSettings({ name: 'pi-1', role: 'server', labels: {}, addresses: [], annotations })
}

const args =
  '["server","--cluster-cidr","10.50.0.0/16","--disable","traefik","--disable","servicelb","--flannel-ipv6-masq","true"]'

test('flags are read from the annotation of a Node, with the Node as their place', () => {
  const found = annotated(args)
  expect([...(found ?? [])].map(([key, { values }]) => [key, values.map(({ text }) => text)])).toEqual([
    ['cluster-cidr', ['10.50.0.0/16']],
    ['disable', ['traefik', 'servicelb']],
    ['flannel-ipv6-masq', ['true']],
  ])
  expect(found?.get('disable')?.values[1]).toMatchObject({
    origin: 'node-annotation',
    at: { place: { file: 'Node/pi-1#k3s.io/node-args' } },
  })
})

test('a K3s without any flag has settings, and a Node without the annotation has none', () => {
  expect(annotated('["server"]')?.size).toBe(0)
  expect(annotated(undefined)).toBeUndefined()
  expect(annotated('server --disable=traefik')).toBeUndefined()
})

test('a value that the files still say stands at its line; what only the files say is not in force', () => {
  const files = settings({ 'cluster-cidr': '10.50.0.0/16', disable: ['traefik'], 'node-name': 'pi-1' })
  const inForce = settingsInForce(annotated(args) ?? new Map(), files)
  expect([...inForce].map(([key, { values }]) => [key, values[0]?.origin])).toEqual([
    ['cluster-cidr', 'config-file'],
    ['disable', 'node-annotation'],
    ['flannel-ipv6-masq', 'node-annotation'],
  ])
})

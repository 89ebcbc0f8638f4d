import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { capturedInventory, capturedObservation } from '../../src/domain/capture.ts'
import { readCapture } from '../../src/schema/capture.ts'
import { sha256Hex } from '../../src/text/digest.ts'

const example = readFileSync(new URL('../fixtures/captures/home.yaml', import.meta.url))

test('the documented example is read, with a digest for every text', () => {
  const read = readCapture('home.yaml', example)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  const { files } = capturedObservation(read.value, 'pi-1')
  const flags = files.get('/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml')
  expect(flags?.digest).toBe(sha256Hex('"flannel-backend": "vxlan"\n'))
  const secret = files.get('/var/lib/rancher/k3s/server/manifests/registry.yaml')
  expect(secret).toMatchObject({ sizeBytes: 1, unreadable: 'left out of the capture' })
  expect(secret?.text).toBeUndefined()
})

test('the inventory of a node without one is empty', () => {
  const read = readCapture('home.yaml', example)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  expect(capturedInventory(read.value, 'pi-2').entries.size).toBe(0)
  expect([...capturedInventory(read.value, 'pi-1').entries.keys()]).toEqual([
    'file:/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml',
  ])
})

test('a capture written as JSON is the same capture', () => {
  const read = readCapture('home.yaml', example)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  expect(readCapture('home.json', Buffer.from(JSON.stringify(read.value)))).toEqual(read)
})

test('networks of nodes, and that all nodes are in it, are kept', () => {
  const read = readCapture('home.yaml', example)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  const nodes = read.value.facts.nodes.map((node) => ({ ...node, podCIDRs: ['10.42.1.0/24', 'fd00:42:0:1::/64'] }))
  const known = { ...read.value, facts: { ...read.value.facts, nodes, hasAllNodes: true } }
  const again = readCapture('home.json', Buffer.from(JSON.stringify(known)))
  expect(again.ok && again.value.facts).toEqual(known.facts)
})

const refused = [
  { name: 'an empty file', text: '', places: ['1:1'], code: 'CAPTURE_INVALID' },
  { name: 'a list', text: '- a\n', places: ['1:1'], code: 'CAPTURE_INVALID' },
  { name: 'bytes that are no text', text: '\u0000', places: ['1:1'], code: 'CONTROL_CHARACTER' },
  { name: 'an unknown field', text: minimal('surprise: 1\n'), places: ['6:1'], code: 'CAPTURE_INVALID' },
  {
    name: 'a node name that is a path',
    text: minimal('observations: { "../../etc": { files: [] } }\n'),
    places: ['6:17'],
    code: 'CAPTURE_INVALID',
  },
  {
    name: 'two nodes of one name',
    text: minimal('').replace('role: server }', 'role: server }, { name: a, role: agent }'),
    places: ['5:64'],
    code: 'CAPTURE_INVALID',
  },
] as const

for (const { name, text, places, code } of refused) {
  test(`refused with its place: ${name}`, () => {
    const read = readCapture('c.yaml', Buffer.from(text))
    if (read.ok) throw new Error('it was read')
    expect(read.error.map(({ place }) => `${place.line}:${place.column}`)).toEqual(places)
    expect(read.error.map((problem) => problem.code)).toEqual([code])
  })
}

test('no problem of a capture shows a line of it', () => {
  const read = readCapture('c.yaml', Buffer.from(minimal('password: hunter2\n')))
  if (read.ok) throw new Error('it was read')
  expect(JSON.stringify(read.error)).not.toContain('hunter2')
})

function minimal(more: string): string {
  return `apiVersion: fairlead.dev/v1alpha1
kind: Capture
metadata: { name: home, capturedAt: "2026-11-20T08:00:00Z", fairleadVersion: "0.1.0" }
# one node
facts: { origin: capture, nodes: [{ name: a, role: server }] }
${more}`
}

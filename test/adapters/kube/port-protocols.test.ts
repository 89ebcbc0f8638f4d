import { expect, test } from 'vitest'
import { withPortProtocols } from '../../../src/adapters/kube/port-protocols.ts'

const metadata = { name: 'x' }
const container = { name: 'c', ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP' }] }
const filled = {
  name: 'c',
  ports: [
    { containerPort: 80, protocol: 'TCP' },
    { containerPort: 53, protocol: 'UDP' },
  ],
}
const pod = { containers: [container, { name: 'none' }], initContainers: [container] }
const filledPod = { containers: [filled, { name: 'none' }], initContainers: [filled] }

const cases = [
  { of: ['v1', 'Service'], spec: { ports: [{ port: 80 }] }, filled: { ports: [{ port: 80, protocol: 'TCP' }] } },
  { of: ['v1', 'Pod'], spec: pod, filled: filledPod },
  { of: ['apps/v1', 'DaemonSet'], spec: { template: { spec: pod } }, filled: { template: { spec: filledPod } } },
  {
    of: ['batch/v1', 'CronJob'],
    spec: { jobTemplate: { spec: { template: { spec: pod } } } },
    filled: { jobTemplate: { spec: { template: { spec: filledPod } } } },
  },
] as const

for (const { of, spec, filled: expected } of cases) {
  const [apiVersion, kind] = of
  test(`ports of a ${kind} without a protocol are TCP, the others stay`, () => {
    expect(withPortProtocols({ apiVersion, kind, metadata, spec })).toEqual({
      apiVersion,
      kind,
      metadata,
      spec: expected,
    })
  })
}

const untouched = [
  { apiVersion: 'example.org/v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } },
  { apiVersion: 'v1', kind: 'Service', metadata },
  { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: 'none', selector: null } },
  { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { template: { spec: { containers: 3 } } } },
]
for (const object of untouched) {
  test(`${JSON.stringify(object)} stays as it is`, () => expect(withPortProtocols(object)).toEqual(object))
}

import { expect, test } from 'vitest'
import { podNetworkOf } from '../../../src/lint/flannel/pod-network.ts'
import { node, subject } from '../../lab/lint-subject.ts'

test.each([
  ['v1.24.17+k3s1', 'none'],
  ['v1.25.16+k3s1', 'none'],
  // Skipped with a line in the log.
  ['v1.26.0+k3s1', 'vxlan'],
  ['v1.33.4+k3s1', 'vxlan'],
  ['unknown', 'none'],
])('no-flannel on a server of %s leaves the backend %s', (version, backend) => {
  const cluster = subject({ version, nodes: [node({ settings: { 'no-flannel': true } })] })
  expect(podNetworkOf(cluster)?.backend).toBe(backend)
})

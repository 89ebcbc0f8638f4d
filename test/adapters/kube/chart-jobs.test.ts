import { expect, test } from 'vitest'
import { chartJob } from '../../../src/adapters/kube/chart-jobs.ts'
import type { Json } from '../../../src/domain/plain-json.ts'

const labels = { 'helmcharts.helm.cattle.io/chart': 'traefik', 'objectset.rio.cattle.io/hash': 'h' }
const job: Json = {
  metadata: { name: 'helm-install-traefik', namespace: 'kube-system', labels, annotations: { note: 'hunter2' } },
  spec: { template: { spec: { containers: [{ args: ['install', '--set', 'adminPassword=hunter2'] }] } } },
  status: {
    active: 1,
    ready: 0,
    failed: 3,
    startTime: '2026-03-01T12:00:00Z',
    conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'hunter2' }],
  },
}

test('a Job of a chart keeps how it went, and nothing of what it was told', () => {
  expect(chartJob(job)).toEqual({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'helm-install-traefik',
      namespace: 'kube-system',
      labels: { 'helmcharts.helm.cattle.io/chart': 'traefik' },
    },
    status: {
      active: 1,
      ready: 0,
      failed: 3,
      startTime: '2026-03-01T12:00:00Z',
      conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }],
    },
  })
})

const others = [
  {
    name: 'the Job that removes a chart',
    fields: { metadata: { name: 'helm-delete-traefik', namespace: 'a', labels } },
  },
  { name: 'a Job of somebody else', fields: { metadata: { name: 'helm-install-x', namespace: 'a', labels: {} } } },
  { name: 'what has no name', fields: { metadata: { namespace: 'a', labels } } },
]

for (const { name, fields } of others) {
  test(`no Job of a chart: ${name}`, () => {
    expect(chartJob({ ...job, ...fields })).toBeUndefined()
  })
}

test('a Job that has just begun has no status yet', () => {
  expect(chartJob({ metadata: job['metadata'] })?.['status']).toEqual({})
})

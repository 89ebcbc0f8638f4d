import { expect, test } from 'vitest'
import { createPrometheusMetrics } from '../../../src/adapters/metrics/prometheus-metrics.ts'

test('what the loop counts appears under stable names and labels', async () => {
  const metrics = createPrometheusMetrics('1.2.3')
  metrics.passEnded('node', 'settled', 40)
  metrics.changeApplied('restore', 'Drift')
  metrics.fetchEnded('failed', 1500)
  metrics.driftRepaired(12)
  metrics.objectsDeployed({ created: 2, patched: 0, deleted: 1 })
  metrics.webhookAnswered('github', 202)
  const lines = (await metrics.text()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'fairlead_build_info{version="1.2.3"} 1',
      'fairlead_reconcile_total{target="node",verdict="settled"} 1',
      'fairlead_reconcile_duration_seconds_sum{target="node",verdict="settled"} 0.04',
      'fairlead_reconcile_duration_seconds_bucket{le="0.025",target="node",verdict="settled"} 0',
      'fairlead_reconcile_duration_seconds_bucket{le="0.05",target="node",verdict="settled"} 1',
      'fairlead_changes_total{kind="restore",cause="Drift"} 1',
      'fairlead_git_fetch_duration_seconds_sum{outcome="failed"} 1.5',
      'fairlead_drift_repair_duration_seconds_sum 0.012',
      'fairlead_deployed_objects_total{action="created"} 2',
      'fairlead_deployed_objects_total{action="deleted"} 1',
      'fairlead_webhook_requests_total{provider="github",status="202"} 1',
    ]),
  )
  expect(lines.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true)
})

test('a condition has exactly one status at a time', async () => {
  const metrics = createPrometheusMetrics('1.2.3')
  metrics.conditionIs('Ready', 'Unknown')
  metrics.conditionIs('Ready', 'False')
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('fairlead_condition{'))
  expect(lines.sort()).toEqual([
    'fairlead_condition{type="Ready",status="False"} 1',
    'fairlead_condition{type="Ready",status="True"} 0',
    'fairlead_condition{type="Ready",status="Unknown"} 0',
  ])
})

test('two registries do not mix', async () => {
  const [one, two] = [createPrometheusMetrics('1'), createPrometheusMetrics('2')]
  one.changeApplied('create', 'Revision')
  expect(await two.text()).not.toContain('fairlead_changes_total{')
})

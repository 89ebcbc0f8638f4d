import { createHash } from 'node:crypto'
import { expect, describe as group, test } from 'vitest'
import type { DeployedChart } from '../../../src/domain/deployed-objects.ts'
import { configHashes, hashesValuesOnly } from '../../../src/plan/k3s-engine/chart-hash.ts'
import { type ChartQuestion, chartState } from '../../../src/plan/k3s-engine/chart-state.ts'
import { chart, job, k3s, live, liveChart, release, second } from './deployed.ts'

const old = k3s('v1.29.4+k3s1')
const recent = k3s('v1.33.4+k3s1')

function hash(...parts: readonly string[]): string {
  return `SHA256=${createHash('sha256').update(parts.join('')).digest('hex').toUpperCase()}`
}

const stock = ['values-01_HelmChart.yaml', 'stock: true\n'] as const
const ours = ['values-10_HelmChartConfig.yaml', 'ports: {}\n'] as const
const current = hash(...stock, ...ours)

function ask(extra: Partial<ChartQuestion> = {}): ChartQuestion {
  return {
    kind: 'HelmChartConfig',
    found: chart(),
    spec: { valuesContent: 'ports: {}\n' },
    live: live({ jobs: [job({ configHash: current })], releases: [release()] }),
    version: old,
    ...extra,
  }
}

function withJob(extra: Parameters<typeof job>[0], releases = [release()]): ChartQuestion {
  return ask({ live: live({ jobs: [job({ configHash: current, ...extra })], releases }) })
}

group('the hash that the Helm controller writes on a job', () => {
  test('of a chart without values is that of nothing, as K3s 1.30 wrote it for traefik-crd', () => {
    const none: DeployedChart = {
      namespace: 'kube-system',
      name: 'traefik-crd',
      chart: liveChart({}),
      config: undefined,
      values: undefined,
    }
    expect([...configHashes(none)]).toEqual(['SHA256=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855'])
  })

  test('has an order for every way through a Go map', () => {
    expect(configHashes(chart())).toEqual(new Set([hash(...stock, ...ours), hash(...ours, ...stock)]))
  })

  test('begins with what the chart brings along', () => {
    const found = chart({ chart: liveChart({ chartContent: 'H4sI' }), config: undefined })
    expect([...configHashes(found)]).toEqual([hash('traefik.tgz.base64', 'H4sI')])
  })

  test('is more than the values since 1.31.8, 1.32.4 and 1.33.0', () => {
    const told = ['v1.21.2+k3s1', 'v1.31.7+k3s1', 'v1.31.8+k3s1', 'v1.32.3+k3s1', 'v1.32.4+k3s1', 'v1.33.0+k3s1']
    expect(told.map((text) => hashesValuesOnly(k3s(text)))).toEqual([true, true, false, true, false, false])
  })
})

group('a chart is deployed', () => {
  test('when the job of this very configuration made the release', () => {
    expect(chartState(ask())).toEqual({ state: 'Applied', message: '' })
  })

  test('in the namespace that it is meant for', () => {
    const found = chart({ chart: liveChart({ valuesContent: 'stock: true\n', targetNamespace: 'edge' }) })
    expect(chartState(ask({ found })).state).toBe('Pending')
    const there = live({ jobs: [job({ configHash: current })], releases: [release({ namespace: 'edge' })] })
    expect(chartState(ask({ found, live: there })).state).toBe('Applied')
  })

  const not: readonly {
    readonly name: string
    readonly of: ChartQuestion
    readonly is: string
    readonly says?: string
  }[] = [
    { name: 'while there is no override', of: ask({ found: chart({ config: undefined }) }), is: 'Pending' },
    {
      name: 'while there is no chart that it goes with',
      of: ask({ found: chart({ chart: undefined }) }),
      is: 'Pending',
      says: 'has no effect',
    },
    {
      name: 'when somebody changed the override in the cluster',
      of: ask({ found: chart({ config: liveChart({ valuesContent: 'ports: 1\n' }) }) }),
      is: 'Failed',
      says: 'was changed in the cluster',
    },
    {
      name: 'while it goes away',
      of: ask({ found: chart({ chart: liveChart({ valuesContent: 'stock: true\n' }, { isDeleting: true }) }) }),
      is: 'Pending',
    },
    { name: 'without a job', of: ask({ live: live({ releases: [release()] }) }), is: 'Pending', says: 'no Helm job' },
    {
      name: 'by the job of another configuration',
      of: withJob({ configHash: hash('x') }),
      is: 'Pending',
      says: 'earlier',
    },
    { name: 'while the job runs', of: withJob({ succeeded: 0, active: 1 }), is: 'Pending', says: 'at work' },
    {
      name: 'while the image of the job cannot be pulled',
      of: withJob({ succeeded: 0, active: 1, waitsFor: ['ImagePullBackOff'] }),
      is: 'Pending',
      says: 'ImagePullBackOff',
    },
    {
      name: 'when the job did nothing',
      of: withJob({}, [release({ createdAtMs: second(19) })]),
      is: 'Pending',
      says: 'did nothing',
    },
    { name: 'without a release', of: withJob({}, []), is: 'Pending', says: 'no release' },
    {
      name: 'when its jobs may not be read',
      of: ask({ live: { jobs: undefined, releases: [] } }),
      is: 'Unknown',
    },
    {
      name: 'when its releases may not be read',
      of: ask({ live: { jobs: [job({ configHash: current })], releases: undefined } }),
      is: 'Unknown',
    },
    { name: 'when nobody knows which K3s runs', of: ask({ version: undefined }), is: 'Unknown' },
  ]
  test.each(not)('not $name', ({ of, is, says = '' }) => {
    const { state, message } = chartState(of)
    expect(state).toBe(is)
    expect(message).toContain(says)
  })

  test('by somebody else when K3s leaves it alone', () => {
    for (const annotations of [
      { 'helmcharts.helm.cattle.io/unmanaged': '' },
      { 'helmcharts.cattle.io/managed-by': 'fleet' },
    ]) {
      const found = chart({ chart: liveChart({ valuesContent: 'stock: true\n' }, { annotations }) })
      expect(chartState(ask({ found })).state).toBe('Unknown')
    }
  })
})

test('only what the file says in words counts as changed', () => {
  const config = liveChart({ valuesContent: 'ports: {}\n', failurePolicy: 'reinstall', timeout: '5m' })
  const said = (spec: ChartQuestion['spec']): string => chartState(ask({ found: chart({ config }), spec })).state
  expect(said({})).toBe('Applied')
  expect(said({ timeout: '5m', backOffLimit: 3 })).toBe('Applied')
  expect(said({ timeout: '10m' })).toBe('Failed')
})

group('where the hash is of more than the values', () => {
  const texts = new Map([
    ['HelmChartValuesContent', 'stock: true\n'],
    ['HelmChartConfigValuesContent', 'ports: {}\n'],
  ])
  const hashed = hash('the whole job')
  const label = hashed.slice('SHA256='.length).slice(0, 63)
  const given = (extra: Partial<DeployedChart>, made = release({ configHash: label })): ChartQuestion =>
    ask({
      version: recent,
      found: chart({ values: { texts, writtenAtMs: second(20) }, ...extra }),
      live: live({ jobs: [job({ configHash: hashed })], releases: [made] }),
    })

  test('a job that was made after the values were stored had them', () => {
    expect(chartState(given({})).state).toBe('Applied')
  })

  test('a job of before did not', () => {
    expect(chartState(given({ values: { texts, writtenAtMs: second(21) } })).state).toBe('Pending')
  })

  test('values of before are pending', () => {
    const former = new Map([...texts, ['HelmChartConfigValuesContent', 'ports: 1\n']])
    expect(chartState(given({ values: { texts: former, writtenAtMs: second(1) } })).state).toBe('Pending')
  })

  test('a release of another job is pending', () => {
    expect(chartState(given({}, release({ configHash: 'F00' }))).state).toBe('Pending')
  })

  test('values that cannot be read are unknown, and their text is told nowhere', () => {
    for (const values of ['unreadable', undefined, { texts, writtenAtMs: undefined }] as const) {
      const { state, message } = chartState(given({ values }))
      expect(state).toBe('Unknown')
      expect(message).not.toContain('ports')
    }
  })
})

group('what does not move on', () => {
  const stuck: readonly { readonly name: string; readonly of: ChartQuestion; readonly says: readonly string[] }[] = [
    {
      name: 'an upgrade that nobody ended',
      of: withJob({}, [release({ status: 'pending-upgrade' })]),
      says: [
        'pending-upgrade',
        'Secret sh.helm.release.v1.traefik.v2',
        'logs job/helm-install-traefik',
        'failurePolicy reinstall',
      ],
    },
    {
      name: 'an installation whose job has given up',
      of: withJob({ succeeded: 0, failed: 1001, hasGivenUp: true }, [
        release({ status: 'pending-install', revision: 1 }),
      ]),
      says: ['pending-install', 'delete job helm-install-traefik'],
    },
    {
      name: 'a failed release with abort',
      of: {
        ...withJob({ succeeded: 0, active: 1, failed: 3 }, [release({ status: 'failed' })]),
        found: chart({ config: liveChart({ valuesContent: 'ports: {}\n', failurePolicy: 'abort' }) }),
      },
      says: ['failurePolicy abort', 'helm -n kube-system rollback traefik'],
    },
    {
      name: 'a job that has given up',
      of: withJob({ succeeded: 0, failed: 1001, hasGivenUp: true }, []),
      says: ['has given up', 'kubectl -n kube-system delete job helm-install-traefik'],
    },
  ]
  test.each(stuck)('$name is stuck, with the way out', ({ of, says }) => {
    const { state, message } = chartState(of)
    expect(state).toBe('Stuck')
    for (const part of says) expect(message).toContain(part)
  })

  test('an upgrade under way is no trouble', () => {
    const of = withJob({ succeeded: 0, active: 1 }, [release({ status: 'pending-upgrade' })])
    expect(chartState(of).state).toBe('Pending')
  })

  test('without reinstall the way out has no warning of it', () => {
    const found = chart({ config: liveChart({ valuesContent: 'ports: {}\n', failurePolicy: 'retry' }) })
    const { state, message } = chartState({ ...withJob({}, [release({ status: 'failed' })]), found })
    expect(state).toBe('Stuck')
    expect(message).not.toContain('reinstall')
  })

  test('a job that fails and is tried again has failed for now', () => {
    const { state, message } = chartState(withJob({ succeeded: 0, active: 1, failed: 2 }, []))
    expect(state).toBe('Failed')
    expect(message).toContain('kubectl -n kube-system logs job/helm-install-traefik')
  })

  test('a failed release that the job is about to replace has failed for now', () => {
    expect(chartState(withJob({ succeeded: 0, active: 1 }, [release({ status: 'failed' })])).state).toBe('Failed')
  })

  test('the newest release counts, whatever came before', () => {
    const releases = [release({ revision: 10 }), release({ revision: 9, status: 'failed' })]
    expect(chartState(withJob({}, releases)).state).toBe('Applied')
  })

  test('what the chart says of itself is told, where there is no job', () => {
    const failure = { reason: 'Unsupported version', message: 'Only Helm v3 charts are supported' }
    const found = chart({ chart: liveChart({ valuesContent: 'stock: true\n' }, { failure }) })
    expect(chartState(ask({ found, live: live() }))).toMatchObject({
      state: 'Failed',
      message: expect.stringContaining('Only Helm v3 charts are supported'),
    })
  })
})

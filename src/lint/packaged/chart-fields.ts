import type { LocatedLine } from '../../domain/problem.ts'
import { type Feature, gateOf, supports } from '../../k3s/version/feature-gates.ts'
import { printFloors } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { asRecord, type ChartSubject, chartsOf } from './chart-overrides.ts'

const sources = ['k3s-io/helm-controller pkg/apis/helm.cattle.io/v1/types.go']

export const failurePolicyMissing: Rule = {
  id: 'chart-failure-policy-missing',
  severity: 'warning',
  title: 'a chart or an override without failurePolicy',
  why: 'a release that fails to upgrade is uninstalled and installed again, with an outage and the loss of what its definitions hold',
  fix: 'write failurePolicy: abort',
  versions: '1.22.8 / 1.23.5 and later',
  looksAt: ['manifests'],
  sources: [...sources, 'k3s-io/helm-controller#246'],
  check(subject) {
    if (!has(subject, 'chart-failure-policy')) return []
    const isDefaulted = has(subject, 'chart-config-failure-policy-default')
    const overridden = policiesOfOverrides(subject)
    return chartsOf(subject).flatMap((chart): Finding[] => {
      // What K3s ships is not the user's to write, and the API server fills the field of live objects in.
      if (chart.origin !== 'repository' && chart.origin !== 'machine') return []
      if (isOfK3s(chart) || chart.spec['failurePolicy'] !== undefined) return []
      const what = `${chart.kind} ${chart.name} has no failurePolicy`
      if (chart.kind === 'HelmChart') return overridden.has(keyOf(chart)) ? [] : [{ at: chart.at, what }]
      if (!isDefaulted) return []
      return [
        {
          at: chart.at,
          what,
          why: "the API server writes reinstall into it, and that takes the place of the chart's own abort or retry: a failed upgrade uninstalls the release",
        },
      ]
    })
  },
}

/** Charts whose HelmChartConfig has a failurePolicy, which takes the place of their own. */
function policiesOfOverrides(subject: LintSubject): ReadonlySet<string> {
  return new Set(
    chartsOf(subject)
      .filter(({ kind, spec }) => kind === 'HelmChartConfig' && spec['failurePolicy'] !== undefined)
      .map(keyOf),
  )
}

function keyOf({ namespace, name }: ChartSubject): string {
  return `${namespace}/${name}`
}

export const failurePolicyTooOld: Rule = {
  id: 'chart-failure-policy-too-old',
  severity: 'error',
  title: 'a failurePolicy that the release does not have',
  why: 'the API server refuses the object, and K3s tries the whole file again for ever',
  fix: 'write failurePolicy: abort, or upgrade K3s first',
  versions: 'below 1.33.13+k3s2 / 1.34.10 / 1.35.7 / 1.36.3',
  looksAt: ['manifests'],
  sources,
  check(subject) {
    if (has(subject, 'chart-failure-policy-retry') !== false) return []
    return chartsOf(subject).flatMap((chart): Finding[] =>
      chart.spec['failurePolicy'] === 'retry' && chart.origin !== 'live'
        ? [
            {
              at: chart.place(['failurePolicy']),
              what: `failurePolicy retry of ${chart.name} exists from ${since('chart-failure-policy-retry')} on`,
            },
          ]
        : [],
    )
  },
}

export const valuesSecretsTooOld: Rule = {
  id: 'chart-values-secrets-too-old',
  severity: 'error',
  title: 'values from Secrets, which the release does not read',
  why: 'K3s drops the field, and the chart is installed without these values',
  fix: 'upgrade K3s first, or write the values themselves where they are no secret',
  versions: 'below 1.31.8 / 1.32.4 / 1.33.0',
  looksAt: ['manifests'],
  sources,
  check(subject) {
    if (has(subject, 'chart-values-secrets') !== false) return []
    return chartsOf(subject).flatMap((chart): Finding[] =>
      secretsOf(chart).length > 0
        ? [
            {
              at: chart.place(['valuesSecrets']),
              what: `values of ${chart.name} come from Secrets, which K3s reads from ${since('chart-values-secrets')} on`,
            },
          ]
        : [],
    )
  },
}

export const valuesSecretsWithoutKeys: Rule = {
  id: 'chart-values-secrets-keys',
  severity: 'error',
  title: 'a Secret with values, without the keys to read',
  why: 'K3s reads the keys that are named, and none when none is',
  fix: 'name the keys that hold values files',
  versions: '1.31.8 / 1.32.4 / 1.33.0 and later',
  looksAt: ['manifests'],
  sources: ['k3s-io/helm-controller pkg/controllers/chart/chart.go'],
  check(subject) {
    if (has(subject, 'chart-values-secrets') === false) return []
    return chartsOf(subject).flatMap((chart) =>
      secretsOf(chart).flatMap((secret, index): Finding[] => {
        const { keys, name, secretName } = asRecord(secret)
        if (Array.isArray(keys) && keys.length > 0) return []
        const called = typeof secretName === 'string' ? secretName : name
        const which = typeof called === 'string' ? `Secret ${called}` : `entry ${index + 1}`
        return [{ at: chart.place(['valuesSecrets', index]), what: `no key of ${which} is named for ${chart.name}` }]
      }),
    )
  },
}

export const chartFieldTooOld: Rule = {
  id: 'chart-field-too-old',
  severity: 'warning',
  title: 'a field of a HelmChart that the release does not read',
  why: 'K3s leaves out what it does not know, and installs the chart without it',
  fix: 'upgrade K3s first, or take the field away and do by other means what it asks for',
  versions: 'below the first release with the field; createNamespace 1.24.15 / 1.25.11 / 1.26.6 / 1.27.3, for one',
  looksAt: ['manifests'],
  sources,
  check(subject) {
    return chartsOf(subject).flatMap((chart): Finding[] => {
      // What is rendered fits the release, and what is live was taken from it.
      if (chart.origin !== 'repository' && chart.origin !== 'machine') return []
      return Object.entries(gatedFields).flatMap(([field, gate]): Finding[] => {
        const value = chart.spec[field]
        // What is off or empty is what such a release does without the field.
        if (has(subject, gate) !== false || value === undefined || value === null || value === false) return []
        const what = `${field} of ${chart.kind} ${chart.name} is read from ${since(gate)} on`
        return [{ at: chart.place([field]), what, ...fieldConsequences[field] }]
      })
    })
  },
}

/** Fields that came after HelmChartConfig; a rule of their own has failurePolicy retry and valuesSecrets. */
const gatedFields: Readonly<Record<string, Feature>> = {
  timeout: 'chart-timeout',
  failurePolicy: 'chart-failure-policy',
  authSecret: 'chart-repository-auth',
  authPassCredentials: 'chart-repository-auth',
  repoCAConfigMap: 'chart-repository-auth',
  createNamespace: 'chart-create-namespace',
  dockerRegistrySecret: 'chart-registry-secret',
  backOffLimit: 'chart-back-off-limit',
  podSecurityContext: 'chart-security-context',
  securityContext: 'chart-security-context',
  insecureSkipTLSVerify: 'chart-insecure-registry',
  plainHTTP: 'chart-insecure-registry',
  takeOwnership: 'chart-take-ownership',
  values: 'chart-values',
  forceConflicts: 'chart-force-conflicts',
}

const fieldConsequences: Readonly<Record<string, Pick<Finding, 'severity' | 'why' | 'fix'>>> = {
  createNamespace: {
    why: 'nobody makes the namespace of targetNamespace, and without it the job of the chart fails',
    fix: 'put a Namespace object in front of the HelmChart, or upgrade K3s first',
  },
  values: {
    severity: 'error',
    why: 'the chart is installed without these values',
    fix: 'write them as the text of valuesContent, or upgrade K3s first',
  },
}

export const overrideTooOld: Rule = {
  id: 'chart-config-too-old',
  severity: 'error',
  title: 'an override of a chart on a release without HelmChartConfig',
  why: 'the kind does not exist there, and K3s tries to apply the file for ever',
  fix: 'upgrade K3s to 1.19.1 or later',
  versions: 'below 1.19.1',
  looksAt: ['manifests'],
  sources,
  check(subject) {
    if (has(subject, 'helm-chart-config') !== false) return []
    return chartsOf(subject).flatMap((chart): Finding[] => {
      if (chart.kind !== 'HelmChartConfig') return []
      const isWritten = chart.origin !== 'component' || asksForOverride(chart)
      const at = isWritten ? chart.at : traefikValuesPlace(subject)
      return at === undefined
        ? []
        : [{ at, what: `values of the chart ${chart.name} cannot be overridden on this release` }]
    })
  },
}

function asksForOverride(chart: ChartSubject): boolean {
  return chart.values.length > 0 || secretsOf(chart).length > 0
}

/**
 * What else of the documents becomes values of Traefik's chart: its pool, and its dashboard, because such a release has
 * Traefik 1.7.
 */
function traefikValuesPlace({ desired }: LintSubject): LocatedLine | undefined {
  if (desired === undefined) return undefined
  const { components, loadBalancer } = desired.cluster.spec
  if (components.traefik.dashboard?.enabled === true) {
    return desired.places.clusterPlace(['spec', 'components', 'traefik', 'dashboard'])
  }
  for (const [pool, { services }] of loadBalancer.pools.entries()) {
    const member = services.findIndex(({ namespace, name }) => namespace === 'kube-system' && name === 'traefik')
    if (member >= 0) return desired.places.clusterPlace(['spec', 'loadBalancer', 'pools', pool, 'services', member])
  }
  return undefined
}

function secretsOf(chart: ChartSubject): readonly unknown[] {
  const secrets = chart.spec['valuesSecrets']
  return Array.isArray(secrets) ? secrets : []
}

/** Undefined where the release is not known. */
function has({ version }: LintSubject, feature: Feature): boolean | undefined {
  return version === undefined ? undefined : supports(feature, version)
}

function since(feature: Feature): string {
  return printFloors(gateOf(feature).since ?? [])
}

function isOfK3s({ kind, namespace, name }: ChartSubject): boolean {
  return (
    kind === 'HelmChart' &&
    namespace === 'kube-system' &&
    (name === 'traefik' || name === 'traefik-crd' || name === 'gateway-api-crd')
  )
}

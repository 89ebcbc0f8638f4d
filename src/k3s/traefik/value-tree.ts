import { entryPointKey } from './port-keys.ts'
import { keysNamed, type StrayValue, strayValues, type ValueKeys } from './value-key.ts'

/**
 * The values that the packaged Traefik charts read, one table for every chart major. What some chart reads and no source
 * dates stands here without bounds: it is better not to complain than to complain wrongly.
 * @see k3s-io/k3s-charts charts/traefik (19.0.401, 21.2.1, 27.0.201, 34.2.1, 38.0.201, 40.1.2: values.yaml);
 *   traefik/traefik-helm-chart traefik/Changelog.md
 */
const valueTree: ValueKeys = {
  ...keysNamed('commonLabels readinessProbe livenessProbe startupProbe volumes additionalVolumeMounts tracing hub'),
  ...keysNamed('global additionalArguments env envFrom tlsOptions tlsStore autoscaling hostNetwork podSecurityPolicy'),
  ...keysNamed('serviceAccountAnnotations resources affinity nodeSelector tolerations topologySpreadConstraints'),
  ...keysNamed('priorityClassName securityContext podSecurityContext extraObjects namespaceOverride enabled'),
  ...keysNamed('instanceLabelOverride versionOverride nameOverride fullnameOverride oci_meta offering_version'),
  // Rules of their own look at these: trf-certresolvers, trf-globalargs.
  ...keysNamed('certResolvers certificatesResolvers globalArguments'),
  experimental: {},
  core: { since: 28 },
  gateway: { since: 28 },
  gatewayClass: { since: 28 },
  api: { since: 35, instead: 'additionalArguments' },
  ocsp: { since: 35 },
  pilot: { until: 20 },
  image: {
    keys: {
      ...keysNamed('tag registry pullPolicy digest'),
      name: { until: 20, instead: 'image.repository' },
      repository: { since: 21, instead: 'image.name' },
    },
  },
  deployment: {
    keys: {
      ...keysNamed('enabled kind replicas revisionHistoryLimit terminationGracePeriodSeconds minReadySeconds'),
      ...keysNamed('healthchecksPort healthchecksHost healthchecksScheme readinessPath livenessPath'),
      ...keysNamed('annotations labels podAnnotations podLabels additionalContainers additionalVolumes'),
      ...keysNamed('initContainers shareProcessNamespace hostUsers dnsPolicy dnsConfig hostAliases'),
      ...keysNamed('imagePullSecrets lifecycle runtimeClassName goMemLimitPercentage'),
    },
  },
  podDisruptionBudget: { keys: keysNamed('enabled maxUnavailable minAvailable') },
  ingressClass: { keys: keysNamed('enabled isDefaultClass name fallbackApiVersion') },
  ingressRoute: {
    keys: {
      dashboard: {
        keys: keysNamed('enabled annotations labels matchRule services entryPoints middlewares tls'),
      },
      healthcheck: {
        since: 22,
        keys: keysNamed('enabled annotations labels matchRule services entryPoints middlewares tls'),
      },
    },
  },
  rollingUpdate: { until: 19, instead: 'updateStrategy.rollingUpdate' },
  updateStrategy: { since: 20, instead: 'rollingUpdate' },
  providers: {
    keys: {
      ...keysNamed('precedence kubernetesCRD kubernetesIngress'),
      kubernetesGateway: { since: 28 },
      file: { since: 22, instead: 'additionalArguments' },
      knative: { since: 36 },
      kubernetesIngressNginx: { since: 36, until: 39, instead: 'providers.kubernetesIngressNGINX' },
      kubernetesIngressNGINX: { since: 40, instead: 'providers.kubernetesIngressNginx' },
    },
  },
  logs: {
    keys: {
      general: { keys: keysNamed('format level filePath noColor otlp') },
      access: {
        keys: keysNamed('enabled format filePath bufferingSize timezone filters addInternals dualOutput fields otlp'),
      },
    },
  },
  metrics: {
    keys: {
      ...keysNamed('addInternals prometheus datadog influxdb influxdb2 statsd openTelemetry otlp'),
      ...keysNamed('service serviceMonitor prometheusRule disableAPICheck'),
    },
  },
  ports: { each: entryPointKey },
  service: {
    keys: {
      ...keysNamed('enabled nameOverride single annotations annotationsTCP annotationsUDP labels spec internal'),
      // Rule trf-service-spec looks at what moved in chart 40.
      ...keysNamed('type loadBalancerSourceRanges externalIPs ipFamilyPolicy ipFamilies'),
      loadBalancerClass: { since: 22, instead: 'service.spec.loadBalancerClass' },
      additionalServices: { since: 26 },
    },
  },
  persistence: {
    keys: keysNamed('enabled name existingClaim accessMode size storageClass volumeName path annotations subPath'),
  },
  rbac: { keys: keysNamed('enabled namespaced aggregateTo secretResourceNames') },
  serviceAccount: { keys: keysNamed('name') },
}

/** Chart majors whose values are known well enough to call a key unknown. */
const readMajors = { first: 19, last: 40 } as const

/** Values that the packaged chart of this major ignores without a word; empty where its tree is not known. */
export function unreadValues(values: Readonly<Record<string, unknown>>, major: number): StrayValue[] {
  if (major < readMajors.first || major > readMajors.last) return []
  return strayValues(values, valueTree, major)
}

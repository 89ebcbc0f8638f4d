/**
 * Keys that people write and no packaged chart since 9.x has read, with the place that says the same: from the chart of
 * Traefik v1, from Service and pod specifications, from other charts.
 * @see helm/charts stable/traefik/values.yaml; k3s-io/k3s-charts charts/traefik values.yaml
 */
const movedValues: Readonly<Record<string, string>> = {
  accessLogs: 'logs.access',
  acme: 'certificatesResolvers',
  additionalVolumes: 'deployment.additionalVolumes',
  annotations: 'deployment.annotations',
  dashboard: 'ingressRoute.dashboard',
  debug: 'logs.general.level',
  deployType: 'deployment.kind',
  dnsPolicy: 'deployment.dnsPolicy',
  entryPoints: 'ports',
  entrypoints: 'ports',
  externalIP: 'service.spec.externalIPs',
  externalTrafficPolicy: 'service.spec.externalTrafficPolicy',
  imagePullSecrets: 'deployment.imagePullSecrets',
  imageTag: 'image.tag',
  initContainers: 'deployment.initContainers',
  kind: 'deployment.kind',
  kubernetes: 'providers.kubernetesIngress',
  labels: 'deployment.labels',
  loadBalancerIP: 'service.spec.loadBalancerIP',
  loadBalancerSourceRanges: 'service.spec.loadBalancerSourceRanges',
  logLevel: 'logs.general.level',
  podAnnotations: 'deployment.podAnnotations',
  podLabels: 'deployment.podLabels',
  proxyProtocol: 'ports.web.proxyProtocol',
  replicas: 'deployment.replicas',
  serviceType: 'service.spec.type',
  ssl: 'ports.websecure',
  'service.allocateLoadBalancerNodePorts': 'service.spec.allocateLoadBalancerNodePorts',
  'service.clusterIP': 'service.spec.clusterIP',
  'service.externalTrafficPolicy': 'service.spec.externalTrafficPolicy',
  'service.internalTrafficPolicy': 'service.spec.internalTrafficPolicy',
  'service.loadBalancerIP': 'service.spec.loadBalancerIP',
  'service.sessionAffinity': 'service.spec.sessionAffinity',
  'logs.filePath': 'logs.general.filePath',
  'logs.format': 'logs.general.format',
  'logs.level': 'logs.general.level',
  'deployment.nodeSelector': 'nodeSelector',
  'deployment.resources': 'resources',
  'deployment.tolerations': 'tolerations',
  'deployment.hostNetwork': 'hostNetwork',
  'deployment.affinity': 'affinity',
}

/** Keys that say nothing any more, with what happens anyway. */
const deadValues: Readonly<Record<string, string>> = {
  installCRDs: 'the chart traefik-crd of K3s installs the definitions',
  pilot: 'Traefik Pilot has ended',
}

/**
 * Keys that K3s itself wrote into the values of its charts before 27, and that people copied from there.
 * @see k3s-io/k3s manifests/traefik.yaml (1.21 to 1.28)
 */
export const copiedFromK3s: ReadonlySet<string> = new Set(['podAnnotations'])

/** @param path joined with dots */
export function placeOfMovedValue(path: string): string | undefined {
  return Object.hasOwn(movedValues, path) ? movedValues[path] : undefined
}

export function reasonOfDeadValue(path: string): string | undefined {
  return Object.hasOwn(deadValues, path) ? deadValues[path] : undefined
}

/**
 * Keys of the later charts that the chart of Traefik v1 (1.81.0) does not read, with its own word for it where it has
 * one.
 * @see helm/charts stable/traefik/values.yaml
 */
export const valuesAfterVersion1: Readonly<Record<string, string | undefined>> = {
  additionalArguments: undefined,
  certResolvers: 'acme',
  certificatesResolvers: 'acme',
  globalArguments: undefined,
  ingressRoute: 'dashboard',
  logs: 'accessLogs and debug',
  ports: 'ssl and service.nodePorts',
  providers: 'kubernetes',
}

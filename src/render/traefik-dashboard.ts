import { type FileArtefact, fileId } from '../domain/artefact.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { traefikApiVersion } from '../k3s/traefik/crd-groups.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import { traefikRelease } from '../k3s/version/traefik-releases.ts'
import type { ClusterNetwork } from '../schema/documents.ts'
import { toYaml } from '../text/yaml-print.ts'

const namespace = 'kube-system'
const routeName = 'fairlead-traefik-dashboard'
const middlewareName = 'fairlead-traefik-dashboard-auth'

/**
 * The route to Traefik's dashboard, and the Middleware that asks for a password where a Secret with users is named. Both
 * stand in the namespace of Traefik: a Middleware takes its Secret from its own namespace, and a route follows no reference
 * into another one.
 * @returns undefined where there is no packaged Traefik to read it, and for Traefik v1, which has no such objects: there
 *   the chart makes the route (`version1DashboardValues`)
 * @see k3s-networking §7.7; traefik/traefik docs/content/operations/dashboard.md
 */
export function renderTraefikDashboard(network: ClusterNetwork): FileArtefact | undefined {
  const dashboard = enabledDashboard(network)
  const apiVersion = traefikApiVersion(chartMajor(network))
  // Without charts there are no definitions, and K3s would try to apply the file for ever.
  if (dashboard === undefined || apiVersion === undefined || !network.spec.components.helmController.enabled)
    return undefined
  const { host, basicAuthSecret, entryPoints } = dashboard
  const route = {
    apiVersion,
    kind: 'IngressRoute',
    metadata: { name: routeName, namespace },
    spec: {
      entryPoints,
      routes: [
        {
          kind: 'Rule',
          match: `Host(\`${host}\`) && (PathPrefix(\`/api\`) || PathPrefix(\`/dashboard\`))`,
          ...(basicAuthSecret === undefined ? {} : { middlewares: [{ name: middlewareName, namespace }] }),
          services: [{ kind: 'TraefikService', name: 'api@internal' }],
        },
      ],
      // On other entry points a route with tls would answer to nothing but TLS, so they decide themselves.
      ...(entryPoints.every((name) => name === 'websecure') ? { tls: {} } : {}),
    },
  }
  const middleware = {
    apiVersion,
    kind: 'Middleware',
    metadata: { name: middlewareName, namespace },
    spec: { basicAuth: { secret: basicAuthSecret } },
  }
  const path = `${k3sPaths.manifests}/fairlead-traefik-dashboard.yaml`
  const text = [...(basicAuthSecret === undefined ? [] : [middleware]), route]
    .map((object) => toYaml(object))
    .join('---\n')
  return {
    kind: 'file',
    id: fileId(path),
    location: 'manifest',
    path,
    text,
    origin: 'spec.components.traefik.dashboard',
  }
}

/**
 * The same for Traefik v1: its chart makes an Ingress for the whole host, with its own names for the entry points.
 * @see helm/charts stable/traefik/templates/dashboard-ingress.yaml; containous/traefik
 *   docs/configuration/backends/kubernetes.md (1.7)
 */
export function version1DashboardValues(network: ClusterNetwork): Readonly<Record<string, unknown>> {
  const dashboard = enabledDashboard(network)
  if (dashboard === undefined) return {}
  const { host, basicAuthSecret, entryPoints } = dashboard
  const annotation = 'traefik.ingress.kubernetes.io'
  return {
    dashboard: {
      enabled: true,
      domain: host,
      ingress: {
        annotations: {
          [`${annotation}/frontend-entry-points`]: entryPoints
            .map((name) => version1EntryPoints[name] ?? name)
            .join(','),
          ...(basicAuthSecret === undefined
            ? {}
            : { [`${annotation}/auth-type`]: 'basic', [`${annotation}/auth-secret`]: basicAuthSecret }),
        },
      },
    },
  }
}

const version1EntryPoints: Readonly<Record<string, string>> = { web: 'http', websecure: 'https' }

type Dashboard = NonNullable<ClusterNetwork['spec']['components']['traefik']['dashboard']>

function enabledDashboard({ spec }: ClusterNetwork): Dashboard | undefined {
  const { enabled, dashboard } = spec.components.traefik
  return enabled && dashboard?.enabled === true ? dashboard : undefined
}

/** Of a release that cannot be read, the newest one is meant. */
function chartMajor({ spec }: ClusterNetwork): number {
  const version = parseK3sVersion(spec.k3sVersion)
  const release = version === undefined ? undefined : traefikRelease(version)
  return release?.chartMajor ?? Number.POSITIVE_INFINITY
}

import { keysNamed, type ValueKey } from './value-key.ts'

/**
 * Below `redirections`, wherever a chart has it.
 * @see traefik/traefik docs/content/routing/entrypoints.md (HTTP redirection)
 */
const redirectionKeys: ValueKey = { keys: { entryPoint: { keys: keysNamed('to scheme permanent priority') } } }

/**
 * What stands below one entry point: `ports.web`. The shapes of `expose` and the place of redirections are looked at by
 * rules of their own, so both are taken for known here.
 * @see k3s-io/k3s-charts charts/traefik (19.0.401, 21.2.1, 27.0.201, 34.2.1, 38.0.201, 40.1.2: values.yaml)
 */
export const entryPointKey: ValueKey = {
  keys: {
    ...keysNamed(
      'port hostPort hostIP containerPort expose exposeInternal exposedPort targetPort protocol nodePort appProtocol',
    ),
    ...keysNamed('asDefault transport http2 http3 udp allowACMEByPass reusePort uplink'),
    ...keysNamed('advertisedPort healthchecksPort healthchecksScheme observability'),
    ...keysNamed('maxHeaderBytes sanitizePath encodedCharacters'),
    redirectTo: { keys: keysNamed('port priority permanent') },
    redirections: redirectionKeys,
    forwardedHeaders: { since: 18, instead: 'additionalArguments' },
    proxyProtocol: { since: 18, instead: 'additionalArguments' },
    tls: { until: 38, instead: 'ports.*.http.tls' },
    middlewares: { since: 12, until: 38, instead: 'ports.*.http.middlewares' },
    // Redirections in the wrong place are told of by trf-redirect-syntax.
    http: {
      keys: {
        redirections: redirectionKeys,
        encodedCharacters: { since: 38 },
        encodeQuerySemicolons: { since: 38 },
        maxHeaderBytes: { since: 38 },
        sanitizePath: { since: 38 },
        tls: { since: 39, instead: 'ports.*.tls' },
        middlewares: { since: 39, instead: 'ports.*.middlewares' },
      },
    },
  },
}

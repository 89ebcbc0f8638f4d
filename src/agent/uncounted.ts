import type { MetricsPort } from '../ports/metrics-port.ts'

/** Where nothing listens nobody reads metrics, and counting them would take a fifth of the memory of an agent at rest. */
export const uncounted: MetricsPort = {
  passEnded: () => undefined,
  changeApplied: () => undefined,
  fetchEnded: () => undefined,
  driftRepaired: () => undefined,
  objectsDeployed: () => undefined,
  conditionIs: () => undefined,
  webhookAnswered: () => undefined,
}

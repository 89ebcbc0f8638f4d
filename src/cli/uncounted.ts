import type { MetricsPort } from '../ports/metrics-port.ts'

/** Nobody scrapes a process that ends by itself. */
export const uncounted: MetricsPort = {
  passEnded: () => {},
  changeApplied: () => {},
  fetchEnded: () => {},
  driftRepaired: () => {},
  objectsDeployed: () => {},
  conditionIs: () => {},
  webhookAnswered: () => {},
}

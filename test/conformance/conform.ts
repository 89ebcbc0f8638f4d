import { test } from 'vitest'

/**
 * How a case is known. `recorded`: a real server was seen to do it, and the recording is replayed in
 * `recordings.test.ts`. `source-derived`: read in, or run with, the source that the case names. `simulated`: the outcome
 * depends on how the API server of the suite plays its part.
 */
export type CaseLabel = 'recorded' | 'source-derived' | 'simulated'

/** One case of the checklist. @see k3s-packaged-components §6 */
export function conform(number: number, label: CaseLabel, sentence: string, run: () => void | Promise<void>): void {
  test(`${number} [${label}] ${sentence}`, run)
}

export function configMap(name: string, data = '{k: "1"}', namespace = 'default'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\ndata: ${data}\n`
}

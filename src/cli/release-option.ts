import { isK3sRelease } from '../import/field-values.ts'

/** What is wrong with a release that somebody typed: Kubernetes' version alone is none of K3s's. */
export function releaseMisuse(written: string | boolean | undefined): string | undefined {
  if (typeof written !== 'string' || isK3sRelease(written)) return undefined
  return `--k3s-version is a release of K3s, such as v1.33.4+k3s1, and ${JSON.stringify(written)} is none`
}

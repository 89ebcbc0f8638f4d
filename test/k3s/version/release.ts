import { type K3sVersion, parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'

/** A release from its text, which must be one. */
export function release(text: string): K3sVersion {
  const version = parseK3sVersion(text)
  if (version === undefined) throw new Error(`${text} is no release`)
  return version
}

import { parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'
import { type DeployRules, deployRules } from '../../../src/plan/deploy/deploy-rules.ts'

export function rulesOf(version: string): DeployRules {
  const parsed = parseK3sVersion(version)
  if (parsed === undefined) throw new Error(`${version} is no release`)
  return deployRules(parsed)
}

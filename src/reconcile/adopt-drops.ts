import type { Drop } from '../domain/drop.ts'
import { Failure } from '../domain/failure.ts'
import { manifestName } from '../k3s/locations.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { GitSourcePort } from '../ports/repository-port.ts'
import type { NodeOutcome } from './converge-node.ts'

/**
 * Pushes a branch with the file for every drop that is to become part of the repository. A drop that holds a Secret, or
 * cannot be parsed, never gets here as `Adopt`, or stays on the machine.
 * @returns digests of the drops that need no further attempt
 */
export async function publishDrops(
  drops: readonly Drop[],
  outcome: NodeOutcome,
  ports: { readonly git: GitSourcePort; readonly log: LogPort },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const published: string[] = []
  for (const drop of drops) {
    const name = manifestName(drop.path)
    const text = outcome.node.observation.files.get(drop.path)?.text
    if (name === undefined || text === undefined || drop.findings.length > 0) continue
    const branch = `fairlead/adopt-${name.replace(/[^A-Za-z0-9]+/g, '-')}-${drop.digest.slice(0, 8)}`
    const path = `clusters/${outcome.enforced.program.cluster}/manifests/${name}`
    const message = `Adopt ${name}\n\nThe file was dropped into the manifests directory of ${outcome.enforced.program.node}.\n`
    try {
      const isNew = await ports.git.publishBranch({ branch, message, files: [{ path, text }] }, signal)
      published.push(drop.digest)
      if (isNew) ports.log.info({ path: drop.path, branch }, 'drop offered as a branch')
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      ports.log.warn({ path: drop.path, branch, code: error.detail.code }, 'drop could not be offered as a branch')
    }
  }
  return published
}

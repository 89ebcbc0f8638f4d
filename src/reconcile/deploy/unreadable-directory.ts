import { Failure } from '../../domain/failure.ts'
import { k3sPaths } from '../../k3s/locations.ts'
import type { RanPass } from './run-deploy-pass.ts'

/** Nothing was looked at. A directory that is not there yet holds nothing that could have been applied. */
export function unreadableDirectory({ files, errors }: RanPass): Failure | undefined {
  const [message] = errors
  if (message === undefined || files.length > 0 || message.endsWith('no such file or directory')) return undefined
  const fix = 'mend what the message names; nothing of the directory is applied before'
  return new Failure(message, { code: 'MANIFESTS_UNREADABLE', where: k3sPaths.manifests, fix, retry: 'soon' })
}

import type { NodeConfigReading } from '../domain/k3s-config-reading.ts'
import type { NodeObservation } from '../domain/observation.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { textsOf } from './machine-subject.ts'
import { readNodeConfig } from './read-node-config.ts'

/**
 * What K3s on a captured node is told, by the files that were kept. A capture may hold the drop-ins alone, which do not
 * say that: undefined then.
 */
export function capturedConfig({ files }: Pick<NodeObservation, 'files'>): NodeConfigReading | undefined {
  const texts = textsOf(files)
  if (![...texts.keys()].some(tellsK3s)) return undefined
  return readNodeConfig({ files: texts, hideLines: true }).reading
}

function tellsK3s(path: string): boolean {
  return path === k3sPaths.config || /\/systemd\/system\/k3s(-agent)?\.service$|\/init\.d\/k3s(-agent)?$/.test(path)
}

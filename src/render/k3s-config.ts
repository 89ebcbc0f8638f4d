import { type FileArtefact, fileId } from '../domain/artefact.ts'
import type { NodeFacts } from '../domain/facts.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { DesiredState } from '../schema/documents.ts'
import { toYaml } from '../text/yaml-print.ts'
import { k3sSettings } from './k3s-settings.ts'

const header = ' Written by Fairlead from the cluster repository. Edits are undone.'

/**
 * The drop-in `90-fairlead.yaml` of one node; undefined when there is nothing to tell it.
 *
 * List keys hold complete lists, because a plain key discards what other files said, and never end in `+`.
 * @see k3s-io/k3s pkg/configfilearg/parser.go
 */
export function renderK3sConfig(desired: DesiredState, node: NodeFacts): FileArtefact | undefined {
  const settings = k3sSettings(desired, node)
  if (settings.length === 0) return undefined
  const path = k3sPaths.managedDropIn
  const text = toYaml(Object.fromEntries(settings.map(({ key, value }) => [key, value])), header)
  return { kind: 'file', id: fileId(path), location: 'k3s-config', path, text, origin: 'spec' }
}

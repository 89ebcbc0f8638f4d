import { type Capture, capturedObservation } from '../domain/capture.ts'
import type { NodeFacts } from '../domain/facts.ts'
import { annotatedSettings, settingsInForce } from '../k3s/config/annotated-settings.ts'
import { type EffectiveSettings, effectiveSettings } from '../k3s/config/effective-settings.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import type { LintSubject, ManifestSubject, NodeSubject } from '../lint/subject.ts'
import { liveObjects, liveServices, servicesIn } from './lint-repository.ts'
import { manifestObjects, manifestsBelow, textsOf } from './machine-subject.ts'
import { readNodeConfig } from './read-node-config.ts'

/** A captured cluster as the rules see it: every node by the annotation of its K3s and by the files that were kept. */
export function capturedSubject({ metadata, facts, ...capture }: Capture): LintSubject {
  const at = { place: { file: metadata.name, line: 1, column: 1 } }
  const nodes = facts.nodes.map((node) => capturedNode({ metadata, facts, ...capture }, node))
  const manifests = manifestsOnce(nodes)
  const objects = [...manifestObjects(manifests), ...liveObjects(facts)]
  const versions = new Set(nodes.filter(({ role }) => role === 'server').map(({ version }) => version?.text))
  const [version] = nodes.flatMap((node) => (node.role === 'server' ? (node.version ?? []) : []))
  return {
    scope: 'capture',
    clusterName: metadata.name,
    at,
    // In the middle of an upgrade the cluster has no one release.
    ...(version === undefined || versions.size !== 1 ? {} : { version }),
    nodes,
    objects,
    manifests,
    facts,
    services: [...servicesIn(objects), ...liveServices(facts)],
  }
}

function capturedNode(capture: Capture, facts: NodeFacts): NodeSubject {
  const { files } = capturedObservation(capture, facts.name)
  const version = parseK3sVersion(facts.k3sVersion ?? '')
  return {
    name: facts.name,
    role: facts.role,
    at: { place: { file: `Node/${facts.name}`, line: 1, column: 1 } },
    ...(version === undefined ? {} : { version }),
    facts,
    ...toldTo(facts, textsOf(files)),
    networks: [],
    host: { files, unreadable: [] },
  }
}

/** A capture may hold the drop-ins alone: without the main file, or the service, they do not say what K3s was told. */
function toldTo(
  facts: NodeFacts,
  texts: ReadonlyMap<string, string>,
): { readonly settings: EffectiveSettings } & Pick<NodeSubject, 'config'> {
  const { reading, role } = readNodeConfig({ files: texts, hideLines: true })
  const written = effectiveSettings(reading)
  const annotated = annotatedSettings(facts)
  if (annotated !== undefined) return { settings: settingsInForce(annotated, written) }
  const isWhole = texts.has(k3sPaths.config) || role !== undefined
  return isWhole ? { settings: written, config: reading } : { settings: new Map() }
}

/** The same file is on several servers; where they differ, con-manifests-equal says so. */
function manifestsOnce(nodes: readonly NodeSubject[]): readonly ManifestSubject[] {
  const found = new Map<string, ManifestSubject>()
  for (const { role, host } of nodes) {
    if (role !== 'server' || host === undefined) continue
    for (const manifest of manifestsBelow(host.files, k3sPaths.manifests)) {
      if (!found.has(manifest.name)) found.set(manifest.name, manifest)
    }
  }
  return [...found.values()]
}

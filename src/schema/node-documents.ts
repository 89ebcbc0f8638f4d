import { hasErrors, type Problem } from '../domain/problem.ts'
import { documentOptions, readYaml, type YamlDocument, type YamlOptions } from '../text/yaml-source.ts'
import { headerProblem } from './document-header.ts'
import type { NodeNetwork } from './documents.ts'
import { layerDocuments } from './layered-document.ts'
import { unenforcedNotices } from './not-enforced.ts'
import { joinPath } from './repository-entries.ts'
import { type RepositoryFiles, readEntry } from './repository-files.ts'
import { validateNodeNetwork } from './validate-document.ts'

/** Small documents may share a file. */
const nodeOptions: YamlOptions = { ...documentOptions, maxDocuments: 100 }

export interface NodeDocument {
  readonly node: NodeNetwork
  readonly document: YamlDocument
}

/** Every NodeNetwork in the cluster directory's `nodes/`, sorted by name. */
export function readNodeDocuments(
  files: RepositoryFiles,
  clusterDirectory: string,
): { readonly nodes: readonly NodeDocument[]; readonly problems: readonly Problem[] } {
  const nodes: NodeDocument[] = []
  const problems: Problem[] = []
  for (const entry of files.below(joinPath(clusterDirectory, 'nodes'))) {
    if (entry.type === 'file' && !/\.ya?ml$/i.test(entry.path)) continue
    const bytes = readEntry(entry, nodeOptions.maxBytes)
    if ('code' in bytes) {
      problems.push(bytes)
      continue
    }
    const read = readYaml(entry.path, bytes, nodeOptions)
    problems.push(...read.problems)
    for (const document of read.documents) {
      // Comments between two separators are no document.
      if (document.value === null) continue
      const outcome = readNodeDocument(document, read.problems)
      if (Array.isArray(outcome)) problems.push(...outcome)
      else nodes.push(outcome)
    }
  }
  nodes.sort((a, b) => (a.node.metadata.name < b.node.metadata.name ? -1 : 1))
  problems.push(...sameNames(nodes))
  const notices = nodes.flatMap(({ node, document }) =>
    unenforcedNotices('NodeNetwork', node, (path) => document.place(path)),
  )
  return { nodes, problems: hasErrors(problems) ? problems : [...problems, ...notices] }
}

function readNodeDocument(document: YamlDocument, told: readonly Problem[]): NodeDocument | Problem[] {
  const header = headerProblem(document, 'NodeNetwork')
  if (header !== undefined) return [header]
  const validated = validateNodeNetwork(layerDocuments([{ document }]), told)
  return validated.kind === 'valid' ? { node: validated.value, document } : [...validated.problems]
}

function sameNames(nodes: readonly NodeDocument[]): Problem[] {
  return nodes.flatMap(({ node, document }, index) => {
    const before = nodes[index - 1]
    if (before?.node.metadata.name !== node.metadata.name) return []
    const other = before.document.place(['metadata', 'name']).place
    return {
      code: 'NAME_TWICE',
      severity: 'error' as const,
      ...document.place(['metadata', 'name']),
      what: `the NodeNetwork ${JSON.stringify(node.metadata.name)} is defined at ${other.file}:${other.line} as well`,
      why: 'reports name a document by its kind and name',
      fix: 'give one of them another name',
    }
  })
}

import type { Problem } from '../domain/problem.ts'
import type { YamlDocument } from '../text/yaml-source.ts'
import type { DocumentKind } from './documents.ts'

const apiVersion = 'fairlead.dev/v1alpha1'

/** What is wrong with a document before its fields are looked at: it is of another kind, or of another version. */
export function headerProblem(document: YamlDocument, kind: DocumentKind): Problem | undefined {
  const { value } = document
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return {
      code: 'DOCUMENT_NOT_OBJECT',
      severity: 'error',
      ...document.place([]),
      what: value === null ? 'the document is empty' : 'the document is no mapping of fields',
      why: `a ${kind} has the fields apiVersion, kind, metadata and spec`,
      fix: `begin it with apiVersion: ${apiVersion} and kind: ${kind}`,
    }
  }
  const header: { readonly apiVersion?: unknown; readonly kind?: unknown } = value
  if (header.kind !== kind) {
    return {
      code: 'WRONG_KIND',
      severity: 'error',
      ...document.place(['kind']),
      what:
        header.kind === undefined ? 'the document has no kind' : `kind ${quoteShort(header.kind)} does not belong here`,
      why: `${kind === 'ClusterNetwork' ? 'network.yaml holds one ClusterNetwork' : 'nodes/ holds NodeNetworks'}; Kubernetes objects go to manifests/`,
      fix: `write kind: ${kind}, or move the document`,
    }
  }
  if (header.apiVersion === apiVersion) return undefined
  return {
    code: 'API_VERSION_UNKNOWN',
    severity: 'error',
    ...document.place(['apiVersion']),
    what:
      header.apiVersion === undefined
        ? 'the document has no apiVersion'
        : `apiVersion ${quoteShort(header.apiVersion)} is unknown`,
    why: `this version of Fairlead reads ${apiVersion}`,
    fix: `write apiVersion: ${apiVersion}`,
  }
}

function quoteShort(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : 'that is no text'
}

import { asRecord } from '../domain/plain-json.ts'
import { hasErrors, type LocatedLine, type Place, type Problem } from '../domain/problem.ts'
import { templateInManifest } from './k3s-config-templates.ts'
import { isEncryptedText } from './sops/encrypted-text.ts'
import { sourceLines } from './source-lines.ts'
import { documentOptions, readYaml, type YamlDocument, type YamlOptions } from './yaml-source.ts'

/** One Kubernetes object as a manifest defines it. */
export interface ManifestObject {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly place: Place
  /**
   * The whole object; of an encrypted one what can be read: without the `sops` block and without encrypted values. What a
   * Secret holds goes nowhere but to the manifests directory.
   */
  readonly value: Readonly<Record<string, unknown>>
  /** Where the value at a path of the object is written. */
  locate(path: readonly (string | number)[]): LocatedLine
  readonly isSecret: boolean
  /** A Secret with `data` or `stringData` in it. */
  readonly holdsSecretData: boolean
  /** Carries the `sops` key of an encrypted file. */
  readonly isEncrypted: boolean
}

/** The largest manifest that is read. */
export const manifestBytes = 4 * 1024 * 1024

/**
 * For text that Kubernetes will read itself: what it makes of unquoted scalars is its own affair, and its files are
 * larger, with the definitions of whole operators in one.
 */
const manifestOptions: YamlOptions = {
  ...documentOptions,
  maxBytes: manifestBytes,
  maxDocuments: 100,
  maxTokens: 350_000,
  refuseAmbiguous: false,
  duplicateKeys: 'warning',
}

/**
 * The objects of one file in the manifests directory, read as K3s reads it: several documents, and any object with
 * `items` taken for a list, one level deep. No problem shows a line of a file that may hold a Secret.
 * @see k3s-io/k3s pkg/deploy/controller.go; kubernetes/apimachinery pkg/util/yaml/decoder.go
 */
export function readManifestObjects(
  file: string,
  text: string | Uint8Array,
): { readonly objects: ManifestObject[]; readonly problems: Problem[] } {
  const { documents, problems } = readYaml(file, text, { ...manifestOptions, hideLines: mentionsSecret(text) })
  if (hasErrors(problems)) return { objects: [], problems: [templateProblem(file, text, problems) ?? problems].flat() }
  const objects: ManifestObject[] = []
  const found: Problem[] = [...problems, ...jsonProblems(text, documents)]
  for (const document of documents) {
    // Between separators there may be comments only.
    if (document.value === null) continue
    for (const candidate of candidatesOf(document)) {
      const object = objectOf(candidate)
      if ('code' in object) found.push(object)
      else objects.push(object)
    }
  }
  return { objects, problems: found }
}

/** The objects of a file that may have been read already. */
export function objectsOfFile(source: {
  readonly file: string
  readonly text: string
  readonly objects?: readonly ManifestObject[]
}): readonly ManifestObject[] {
  return source.objects ?? readManifestObjects(source.file, source.text).objects
}

/** What a template's braces do to YAML is one mistake, however many lines of it cannot be read. */
function templateProblem(file: string, text: string | Uint8Array, problems: readonly Problem[]): Problem | undefined {
  const decoded = textOf(text).replace(/^\uFEFF/, '')
  const offset = templateInManifest(decoded, problems)
  if (offset === undefined) return undefined
  return {
    code: 'TEMPLATE_LEFTOVER',
    severity: 'error',
    ...sourceLines(file, decoded, { hideLines: mentionsSecret(text) }).locate(offset),
    what: 'the file is a template that nobody filled in',
    why: 'K3s reads manifests as they are, and to YAML the braces are mappings',
    fix: 'render the template first (helm template), or install its chart with a HelmChart',
  }
}

interface Candidate {
  readonly value: unknown
  readonly document: YamlDocument
  readonly path: readonly (string | number)[]
  /** What items of a list take from it when they say nothing themselves. */
  readonly inherited: { readonly apiVersion?: unknown; readonly kind?: unknown }
  readonly isEncrypted: boolean
}

function candidatesOf(document: YamlDocument): Candidate[] {
  const outer = asRecord(document.value)
  const { items, apiVersion, kind } = outer
  const isEncrypted = outer['sops'] !== undefined
  if (!Array.isArray(items)) return [{ value: document.value, document, path: [], inherited: {}, isEncrypted }]
  const inherited = { apiVersion, kind: typeof kind === 'string' ? kind.replace(/List$/, '') : kind }
  return items.map((value: unknown, index) => ({
    value,
    document,
    path: ['items', index],
    inherited: hasOwnType(value) ? {} : inherited,
    isEncrypted,
  }))
}

function objectOf({ value, document, path, inherited, isEncrypted }: Candidate): ManifestObject | Problem {
  const record = asRecord(value)
  const { apiVersion, kind } = { ...inherited, ...record }
  const metadata = asRecord(record['metadata'])
  const { name, namespace } = metadata
  if (typeof apiVersion !== 'string' || apiVersion === '') return missing(document, path, 'apiVersion')
  if (typeof kind !== 'string' || kind === '') return missing(document, path, 'kind')
  if (typeof name !== 'string' || name === '') return missing(document, [...path, 'metadata'], 'metadata.name')
  const isSecret = kind === 'Secret' && apiVersion === 'v1'
  return {
    apiVersion,
    kind,
    ...(typeof namespace === 'string' && namespace !== '' ? { namespace } : {}),
    name,
    place: document.place(path).place,
    value: isEncrypted ? readableParts({ ...inherited, ...record }) : { ...inherited, ...record },
    locate: (below) => document.place([...path, ...below]),
    isSecret,
    holdsSecretData: isSecret && (record['data'] !== undefined || record['stringData'] !== undefined),
    isEncrypted,
  }
}

/**
 * What begins with `{` is strict JSON to K3s, though YAML would take it with trailing commas and without quotes.
 * @see kubernetes/apimachinery pkg/util/yaml/decoder.go (`GuessJSONStream`)
 */
function jsonProblems(text: string | Uint8Array, documents: readonly YamlDocument[]): Problem[] {
  const [document] = documents
  const decoded = textOf(text)
  if (document === undefined || documents.length > 1 || !/^\s*\{/.test(decoded)) return []
  try {
    JSON.parse(decoded)
    return []
  } catch {
    return [
      {
        code: 'JSON_NOT_STRICT',
        severity: 'error',
        ...document.place([]),
        what: 'the file begins with "{" and is not strict JSON',
        why: 'K3s reads it as JSON, without comments, trailing commas or unquoted names',
        fix: 'correct the JSON, or put a line with "---" before it to have it read as YAML',
      },
    ]
  }
}

function missing(document: YamlDocument, path: readonly (string | number)[], field: string): Problem {
  return {
    code: 'MANIFEST_INCOMPLETE',
    severity: 'error',
    ...document.place(path),
    what: `the object has no ${field}, or one that is no text`,
    why: 'K3s cannot apply an object without apiVersion, kind and metadata.name',
    fix: `write ${field}, in quotes if it could be read as a number or a boolean`,
  }
}

/** What is encrypted is not known, and what SOPS added is gone before K3s sees the object. */
function readableParts({ sops: _block, ...record }: Readonly<Record<string, unknown>>): ManifestObject['value'] {
  return asRecord(readablePart(record))
}

function readablePart(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isUnknown(item)).map(readablePart)
  if (typeof value !== 'object' || value === null) return value
  const known = Object.entries(value).filter(([, item]) => !isUnknown(item))
  return Object.fromEntries(known.map(([key, item]) => [key, readablePart(item)]))
}

function isUnknown(value: unknown): boolean {
  return typeof value === 'string' && isEncryptedText(value)
}

function hasOwnType(value: unknown): boolean {
  const { apiVersion, kind } = asRecord(value)
  return apiVersion !== undefined || kind !== undefined
}

function mentionsSecret(text: string | Uint8Array): boolean {
  return textOf(text).includes('Secret')
}

function textOf(text: string | Uint8Array): string {
  return typeof text === 'string' ? text : new TextDecoder().decode(text)
}

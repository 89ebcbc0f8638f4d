import type { Problem } from '../domain/problem.ts'
import { documentOptions, readYaml, type YamlDocument } from '../text/yaml-source.ts'
import { headerProblem } from './document-header.ts'
import type { Layer } from './layered-document.ts'
import { directoryOf, resolvePath } from './repository-entries.ts'
import type { RepositoryFiles } from './repository-files.ts'

export type ExtendsChain =
  | { readonly kind: 'needs'; readonly directory: string }
  /** `layers` is absent when something in the chain cannot be read: then the merged document means nothing. */
  | { readonly kind: 'read'; readonly layers?: readonly [Layer, ...Layer[]]; readonly problems: readonly Problem[] }

const mostBases = 5

/** A `network.yaml` and everything it extends, nearest first. */
export function readExtendsChain(files: RepositoryFiles, file: string): ExtendsChain {
  const layers: (Layer & { readonly file: string })[] = []
  const problems: Problem[] = []
  let isWhole = true
  for (let next: string | undefined = file; next !== undefined; ) {
    const read = readLayer(files, next)
    problems.push(...read.problems)
    if (read.document === undefined) return { kind: 'read', problems }
    layers.push({ file: next, document: read.document })
    const target = extendsTarget(files, next, read.document)
    if (target.kind === 'needs') return target
    if (target.kind === 'refused') problems.push(target.problem)
    const cycle = target.kind === 'file' ? chainProblem(layers, read.document, target.file) : undefined
    if (cycle !== undefined) problems.push(cycle)
    isWhole &&= target.kind !== 'refused' && cycle === undefined
    next = target.kind === 'file' && cycle === undefined ? target.file : undefined
  }
  const [first, ...bases] = layers
  return first === undefined || !isWhole
    ? { kind: 'read', problems }
    : { kind: 'read', layers: [first, ...bases], problems }
}

function readLayer(
  files: RepositoryFiles,
  file: string,
): { readonly document?: YamlDocument; readonly problems: readonly Problem[] } {
  const bytes = files.read(file, documentOptions.maxBytes)
  if ('code' in bytes) return { problems: [bytes] }
  const { documents, problems } = readYaml(file, bytes, documentOptions)
  const [document] = documents
  if (document === undefined) return { problems: problems.length > 0 ? problems : [emptyFile(file)] }
  const header = headerProblem(document, 'ClusterNetwork')
  if (header !== undefined) return { problems: [...problems, header] }
  return { document, problems }
}

type Target =
  | { readonly kind: 'none' }
  | { readonly kind: 'needs'; readonly directory: string }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'refused'; readonly problem: Problem }

function extendsTarget(files: RepositoryFiles, file: string, document: YamlDocument): Target {
  const written = writtenExtends(document)
  if (written === undefined) return { kind: 'none' }
  const refuse = (code: string, what: string, why: string, fix: string): Target => {
    return { kind: 'refused', problem: { code, severity: 'error', ...document.place(['extends']), what, why, fix } }
  }
  const path = typeof written === 'string' && written !== '' ? resolvePath(directoryOf(file), written) : undefined
  if (typeof written !== 'string' || written === '' || written.length > 1024) {
    const fix = 'write a relative path, like ../../base, or leave extends out'
    return refuse('EXTENDS_INVALID', 'extends is not a path', 'it names another network.yaml of this repository', fix)
  }
  if (path === undefined) {
    const what = `extends ${JSON.stringify(written)} leads out of the repository`
    const why = 'only files of the same revision are read'
    return refuse('EXTENDS_OUTSIDE', what, why, 'write a path relative to this file that stays in the repository')
  }
  const isFile = /\.ya?ml$/.test(path)
  const directory = isFile ? directoryOf(path) : path
  if (!files.isKnown(directory)) return { kind: 'needs', directory }
  const found = isFile ? path : files.networkFile(path)
  if (found === undefined || !files.has(found)) {
    const what = `extends ${JSON.stringify(written)} leads to ${isFile ? path : `${path}/network.yaml`}, which does not exist`
    return refuse('EXTENDS_MISSING', what, 'its values cannot be taken over', 'correct the path, or add the file')
  }
  return { kind: 'file', file: found }
}

function chainProblem(
  layers: readonly { readonly file: string }[],
  document: YamlDocument,
  target: string,
): Problem | undefined {
  const located = document.place(['extends'])
  const trail = [...layers.map((layer) => layer.file), target].join(' -> ')
  if (layers.some((layer) => layer.file === target)) {
    return {
      code: 'EXTENDS_CYCLE',
      severity: 'error',
      ...located,
      what: `extends goes in a circle: ${trail}`,
      why: 'no document of the circle is the base of the others',
      fix: 'take one extends out',
    }
  }
  if (layers.length <= mostBases) return undefined
  return {
    code: 'EXTENDS_TOO_DEEP',
    severity: 'error',
    ...located,
    what: `extends is followed ${mostBases} times at most: ${trail}`,
    why: 'nobody can tell where a value of a longer chain comes from',
    fix: 'join some of the bases',
  }
}

function writtenExtends(document: YamlDocument): unknown {
  const { value } = document
  return typeof value === 'object' && value !== null && 'extends' in value ? value.extends : undefined
}

function emptyFile(file: string): Problem {
  return {
    code: 'DOCUMENT_EMPTY',
    severity: 'error',
    place: { file, line: 1, column: 1 },
    what: 'the file holds no document',
    why: 'it must describe a ClusterNetwork',
    fix: 'write apiVersion: fairlead.dev/v1alpha1, kind: ClusterNetwork, metadata and spec',
  }
}

/**
 * Who may import whom (DESIGN §8), checked over the text of every file below `src/`: forbidden edges between folders,
 * packages outside their one home, and import cycles, type imports included.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

export interface SourceFile {
  /** Path below `src/`, with `/`. */
  readonly path: string
  readonly text: string
}

interface Import {
  readonly target: string
  readonly typeOnly: boolean
  readonly line: number
}

/** What a folder may import besides itself. A folder that is not named here may not exist. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  text: ['domain'],
  k3s: ['domain'],
  schema: ['domain', 'text', 'k3s'],
  lint: ['domain', 'text', 'k3s'],
  render: ['domain', 'text', 'k3s'],
  import: ['domain', 'text', 'k3s'],
  plan: ['domain', 'text', 'k3s'],
  policy: ['domain', 'text', 'k3s'],
  ports: ['domain'],
  reconcile: ['domain', 'text', 'k3s', 'schema', 'lint', 'render', 'import', 'plan', 'policy', 'ports'],
  adapters: ['domain', 'text', 'k3s', 'ports'],
  web: ['domain', 'text', 'ports', 'reconcile'],
  controller: ['domain', 'text', 'k3s', 'ports', 'reconcile', 'adapters', 'web', 'settings'],
  agent: ['domain', 'text', 'k3s', 'ports', 'reconcile', 'adapters', 'web', 'settings'],
  cli: [
    'package.json',
    'domain',
    'text',
    'k3s',
    'schema',
    'lint',
    'render',
    'import',
    'plan',
    'policy',
    'ports',
    'reconcile',
    'adapters',
    'web',
    'controller',
    'agent',
    'settings',
  ],
  settings: ['domain'],
  main: ['cli', 'settings', 'domain'],
}

/** The documents' types come from the schema, their one source; the types alone may be read by those who decide. */
const schemaTypes = 'schema/documents.ts'
const readsSchemaTypes = ['lint', 'render', 'import', 'plan', 'policy', 'ports']

/** Packages that have exactly one home. */
const homes: Readonly<Record<string, string>> = {
  yaml: 'text',
  diff: 'text',
  zod: 'schema',
  '@kubernetes/client-node': 'adapters/kube',
  undici: 'adapters/kube',
  'age-encryption': 'adapters/sops',
  'isomorphic-git': 'adapters/git',
  chokidar: 'adapters/disk',
  cron: 'adapters/clock',
  pino: 'adapters/log',
  'pino-pretty': 'adapters/log',
  'prom-client': 'adapters/metrics',
  commander: 'cli',
}

/** Folders that decide: no file system, no network, no process. */
const pureFolders = [
  'domain',
  'text',
  'k3s',
  'schema',
  'lint',
  'render',
  'import',
  'plan',
  'policy',
  'ports',
  'reconcile',
]

export function importProblems(files: readonly SourceFile[]): string[] {
  const problems: string[] = []
  const edges = new Map<string, string[]>()
  for (const file of files) {
    const targets: string[] = []
    for (const found of importsOf(file.text)) {
      if (found.target.startsWith('.')) {
        const target = relative('/', resolve('/', dirname(file.path), found.target))
        targets.push(target)
        const objection = edgeObjection(file.path, target, found.typeOnly)
        if (objection !== undefined) problems.push(`src/${file.path}:${found.line}  ${objection}`)
      } else {
        const objection = packageObjection(file.path, found.target)
        if (objection !== undefined) problems.push(`src/${file.path}:${found.line}  ${objection}`)
      }
    }
    edges.set(file.path, targets)
  }
  return [...problems, ...cycleProblems(edges)]
}

function importsOf(text: string): Import[] {
  const pattern =
    /^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  return [...text.matchAll(pattern)].map((match) => ({
    target: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
    line: text.slice(0, match.index).split('\n').length,
  }))
}

function edgeObjection(from: string, to: string, typeOnly: boolean): string | undefined {
  const [fromFolder, toFolder] = [folderOf(from), folderOf(to)]
  if (allowed[fromFolder] === undefined) return `${fromFolder}/ is not in the list of folders (scripts/import-rules.ts)`
  if (fromFolder === 'adapters' && toFolder === 'adapters' && technologyOf(from) !== technologyOf(to)) {
    return `one adapter imports another: ${to}`
  }
  if (fromFolder === toFolder || allowed[fromFolder].includes(toFolder)) return undefined
  if (typeOnly && to === schemaTypes && readsSchemaTypes.includes(fromFolder)) return undefined
  return `${fromFolder}/ may not import ${to}`
}

function packageObjection(from: string, name: string): string | undefined {
  const packageName = name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name)
  const home = homes[packageName]
  if (home !== undefined && !from.startsWith(`${home}/`)) return `${packageName} may only be imported in ${home}/`
  if (
    name.startsWith('node:') &&
    pureFolders.includes(folderOf(from)) &&
    name !== 'node:crypto' &&
    name !== 'node:path'
  ) {
    return `${folderOf(from)}/ decides and may not import ${name}`
  }
  if (folderOf(from) === 'domain') return `domain/ imports nothing, not even ${name}`
  return undefined
}

function cycleProblems(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const problems: string[] = []
  const walk = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file)
    if (at >= 0) {
      problems.push(`cycle: ${[...trail.slice(at), file].join(' -> ')}`)
      return
    }
    if (done.has(file)) return
    for (const next of edges.get(file) ?? []) walk(next, [...trail, file])
    done.add(file)
  }
  for (const file of edges.keys()) walk(file, [])
  return problems
}

function folderOf(path: string): string {
  const first = path.split('/')[0] ?? path
  return first.replace(/\.ts$/, '')
}

function technologyOf(path: string): string {
  return path.split('/')[1] ?? ''
}

export function readSourceFiles(sourceRoot: string): SourceFile[] {
  return readdirSync(sourceRoot, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(sourceRoot, path), 'utf8') }))
}

if (import.meta.main) {
  const problems = importProblems(readSourceFiles(new URL('../src', import.meta.url).pathname))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}

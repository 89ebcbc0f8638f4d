/**
 * Writes what is generated from the schema and the rules: JSON Schema files for editors, and the reference pages. With `--check` it
 * writes nothing and ends with 1 when one of them is stale. Any other argument ends it with 64, and writes nothing.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rulesPage } from '../src/lint/rules-page.ts'
import { editorSchema } from '../src/schema/json-schema.ts'
import { referencePage } from '../src/schema/reference-page.ts'

/** Path from the project's root → content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const kind of ['ClusterNetwork', 'NodeNetwork'] as const) {
    const name = kind.toLowerCase()
    files.set(`cluster-repo-template/.fairlead/${name}.schema.json`, `${JSON.stringify(editorSchema(kind), null, 2)}\n`)
    files.set(`docs/reference/${name}.md`, referencePage(kind))
  }
  files.set('docs/rules.md', rulesPage())
  return files
}

/** The generated files that are missing below `root`, or differ from what the schema says now. */
export function staleFiles(root: string): string[] {
  return [...generatedFiles()].filter(([path, text]) => readIfThere(join(root, path)) !== text).map(([path]) => path)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  const [, , ...words] = process.argv
  const unknown = words.find((word) => word !== '--check')
  const stale = unknown === undefined ? staleFiles(root) : []
  if (unknown !== undefined) {
    console.error(`unknown argument ${JSON.stringify(unknown)}; usage: node scripts/generate-reference.ts [--check]`)
    process.exitCode = 64
  } else if (words.length > 0) {
    for (const path of stale) console.error(`${path} is stale; run: node scripts/generate-reference.ts`)
    if (stale.length > 0) process.exitCode = 1
  } else {
    for (const path of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), generatedFiles().get(path) ?? '')
      console.log(`wrote ${path}`)
    }
  }
}

/**
 * Writes what is generated from the schema and the rules: JSON Schema files for editors, and the reference pages.
 * With `--check` it only says which of them are stale.
 */
import { rulesPage } from '../src/lint/rules-page.ts'
import { editorSchema } from '../src/schema/json-schema.ts'
import { referencePage } from '../src/schema/reference-page.ts'
import { type GeneratedFiles, staleIn, writeOrCheck } from './generated-files.ts'

export function generatedFiles(): GeneratedFiles {
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
export function staleFiles(root: string): readonly string[] {
  return staleIn(root, generatedFiles())
}

if (import.meta.main) writeOrCheck('scripts/generate-reference.ts', generatedFiles())

import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const folder = resolve(import.meta.dirname, '../../../src/adapters/git')

test('the process that opens a source never loads isomorphic-git; only its worker does', () => {
  expect(packagesBehind(join(folder, 'git-source.ts'))).not.toContain('isomorphic-git')
  expect(packagesBehind(join(folder, 'local-revision.ts'))).not.toContain('isomorphic-git')
  expect(packagesBehind(join(folder, 'git-worker.ts'))).toContain('isomorphic-git')
})

/** Every package that loading the file loads. Imports of types are erased and do not count. */
function packagesBehind(entry: string): readonly string[] {
  const packages = new Set<string>()
  const files = new Set([entry])
  for (const file of files) {
    const imports = /^(?:import|export)\s+(?!type\s)[^'"]*?from\s+'([^']+)'/gm
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(imports)) {
      if (target.startsWith('.')) files.add(resolve(dirname(file), target))
      else if (!target.startsWith('node:')) packages.add(target)
    }
  }
  return [...packages]
}

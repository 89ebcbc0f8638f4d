import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generatedFiles, staleFiles } from '../../scripts/generate-reference.ts'

test('the schema files and reference pages in the project are current', () => {
  expect(staleFiles(join(import.meta.dirname, '../..'))).toEqual([])
})

test('an argument that nobody knows is refused, and nothing is written', () => {
  const script = join(import.meta.dirname, '../../scripts/generate-reference.ts')
  for (const words of [['--chek'], ['docs'], ['--check', '--write']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([64, ''])
    expect(stderr).toContain(`unknown argument ${JSON.stringify(words.at(-1))}`)
  }
})

test('files that are not there count as stale', () => {
  const empty = mkdtempSync(join(tmpdir(), 'fairlead-reference-'))
  try {
    expect(staleFiles(empty)).toEqual([...generatedFiles().keys()].toSorted())
  } finally {
    rmSync(empty, { recursive: true })
  }
})

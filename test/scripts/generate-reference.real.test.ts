import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generatedFiles, staleFiles } from '../../scripts/generate-reference.ts'

test('the schema files and reference pages in the project are current', () => {
  expect(staleFiles(join(import.meta.dirname, '../..'))).toEqual([])
})

test('files that are not there count as stale', () => {
  const empty = mkdtempSync(join(tmpdir(), 'fairlead-reference-'))
  try {
    expect(staleFiles(empty)).toEqual([...generatedFiles().keys()])
  } finally {
    rmSync(empty, { recursive: true })
  }
})

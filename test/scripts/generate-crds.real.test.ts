import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { generatedCrds, staleCrds } from '../../scripts/generate-crds.ts'
import { fairleadVersion } from '../../src/cli/fairlead-version.ts'
import { fairleadCrds } from '../../src/schema/api/crds.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'
import { temporaryDirectory } from '../lab/temporary-directory.ts'

test('the definitions in the project are current', () => {
  expect(staleCrds(join(import.meta.dirname, '../..'))).toEqual([])
})

test('the files hold the definitions, one each, and are the same bytes every time', () => {
  expect([...generatedCrds()]).toEqual([...generatedCrds()])
  const read = [...generatedCrds().values()].map((text) => readYamlMap(text))
  expect(read).toEqual(fairleadCrds(fairleadVersion))
})

test('a file that is missing, edited or left over counts as stale', async () => {
  const root = await temporaryDirectory()
  const paths = [...generatedCrds().keys()]
  expect(staleCrds(root)).toEqual(paths)
  const leftOver = 'deploy/crds/widgets.fairlead.dev.yaml'
  for (const [path, text] of [...generatedCrds(), [leftOver, ''] as const]) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), path === paths[1] ? `${text}# edited\n` : text)
  }
  expect(staleCrds(root)).toEqual([paths[1], leftOver])
})

test('an argument that nobody knows is refused, and nothing is written', () => {
  const script = join(import.meta.dirname, '../../scripts/generate-crds.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--chek'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([64, ''])
  expect(stderr).toContain('unknown argument "--chek"')
})

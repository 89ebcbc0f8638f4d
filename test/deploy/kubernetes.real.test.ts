import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { staleDeployFiles } from '../../scripts/generate-deploy.ts'
import { installCommand } from '../../src/cli/install.ts'
import { asRecord } from '../../src/domain/plain-json.ts'
import { readYamlMap } from '../../src/text/yaml-read.ts'
import { callOf, fakeTerminal } from '../cli/fake-terminal.ts'

const root = join(import.meta.dirname, '../..')
const kubectl = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'kubectl'))
  .find((path) => existsSync(path))

/** Name → object, so that order and layout do not matter. */
function objectsIn(text: string): ReadonlyMap<string, unknown> {
  const documents = text
    .split(/^---$/m)
    .map((part) => readYamlMap(part))
    .filter((object) => object['kind'] !== undefined)
  return new Map(
    documents.map((object) => {
      const { name, namespace } = asRecord(object['metadata'])
      return [[object['kind'], namespace, name].join(' '), object]
    }),
  )
}

test('deploy/kubernetes is what scripts/generate-deploy.ts writes now', () => {
  expect(staleDeployFiles(root)).toEqual([])
})

test.skipIf(kubectl === undefined)(
  `kustomize makes of it what fairlead install prints${kubectl === undefined ? ' (no kubectl)' : ''}`,
  async () => {
    const built = spawnSync(kubectl ?? '', ['kustomize', join(root, 'deploy/kubernetes')], { encoding: 'utf8' })
    expect([built.status, built.stderr]).toEqual([0, ''])
    const terminal = fakeTerminal('/')
    await installCommand(callOf(terminal))
    const printed = objectsIn(terminal.out.text)
    expect(printed.size).toBe(15)
    expect(objectsIn(built.stdout)).toEqual(printed)
  },
)

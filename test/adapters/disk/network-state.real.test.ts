import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openNetworkState } from '../../../src/adapters/disk/network-state.ts'
import { type ConfirmedNetwork, emptyNetworkInventory } from '../../../src/ports/network-state-port.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

const confirmed = (digest: string): ConfirmedNetwork => ({
  digest,
  revision: { name: `main@sha1:${digest}`, commit: digest, author: 'ada', subject: 'a change' },
})

test('the program that was confirmed last is the one in force', async () => {
  const state = openNetworkState({ stateDirectory: await temporaryDirectory(), log: recordingLog() })
  expect(await state.readConfirmed()).toBeUndefined()
  for (const digest of ['a', 'b', 'c']) await state.writeConfirmed(confirmed(digest))
  expect((await state.readConfirmed())?.digest).toBe('c')
})

test('a damaged program counts for nothing, and the one before it is in force', async () => {
  const stateDirectory = await temporaryDirectory()
  const state = openNetworkState({ stateDirectory, log: recordingLog() })
  for (const digest of ['a', 'b']) await state.writeConfirmed(confirmed(digest))
  const file = `${stateDirectory}/network.json`
  await writeFile(file, (await readFile(file, 'utf8')).replace('"b"', '"x"'))
  expect((await state.readConfirmed())?.digest).toBe('a')
})

test('five programs are kept, and confirming the same one again makes none older', async () => {
  const stateDirectory = await temporaryDirectory()
  const state = openNetworkState({ stateDirectory, log: recordingLog() })
  for (const digest of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'g']) await state.writeConfirmed(confirmed(digest))
  const kept = await Promise.all(
    ['network', 'network-1', 'network-2', 'network-3', 'network-4'].map(async (name) => {
      const { value } = JSON.parse(await readFile(`${stateDirectory}/${name}.json`, 'utf8')) as {
        value: ConfirmedNetwork
      }
      return value.digest
    }),
  )
  expect(kept).toEqual(['g', 'f', 'e', 'd', 'c'])
})

test('an inventory that nobody wrote is empty', async () => {
  const state = openNetworkState({ stateDirectory: await temporaryDirectory(), log: recordingLog() })
  expect(await state.readInventory()).toEqual(emptyNetworkInventory)
})

test('the programs before the one in force are there, newest first', async () => {
  const state = openNetworkState({ stateDirectory: await temporaryDirectory(), log: recordingLog() })
  for (const digest of ['a', 'b', 'c']) await state.writeConfirmed(confirmed(digest))
  expect((await state.readOlder()).map(({ digest }) => digest)).toEqual(['b', 'a'])
})

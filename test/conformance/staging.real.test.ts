import { chmodSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { createMachine, eventually, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'
import { conform } from './conform.ts'

/** Staging by our own engine, on a disk: the loop as it runs, without any API server. */
describe('staging by our own engine', () => {
  let machine: TestMachine
  const at = (name: string): string => join(machine.manifests, name)
  const mode = (path: string): number => statSync(path).mode & 0o777

  beforeEach(async () => {
    machine = await createMachine()
    await machine.adopt()
    await machine.repository.push({ [networkFile]: networkYaml() })
  })
  afterEach(() => machine.close())

  const settle = async (): Promise<void> => {
    machine.start()
    await machine.statusUntil(({ verdict, revision }) => verdict === 'settled' && revision !== '')
  }

  conform(1, 'source-derived', 'packaged files are there with mode 0600, in directories of mode 0700', async () => {
    await settle()
    for (const name of ['coredns.yaml', 'traefik.yaml']) expect(mode(at(name))).toBe(0o600)
    for (const path of [machine.manifests, dirname(machine.manifests)]) expect(mode(path)).toBe(0o700)
    // A deviation: our charts come from their repositories, so no archives are staged.
    expect(existsSync(join(machine.root, 'var/lib/rancher/k3s/server/static'))).toBe(false)
  })

  conform(2, 'source-derived', 'a deviation: they do not wait for an API server', async () => {
    await settle()
    expect(existsSync(at('coredns.yaml'))).toBe(true)
    expect(machine.log.filter(({ level }) => level === 'warn')).toEqual([])
  })

  conform(3, 'source-derived', 'an edited one is as it was shipped after a start, with a new mtime', async () => {
    await settle()
    const stock = readFileSync(at('coredns.yaml'), 'utf8')
    await machine.stop()
    writeFileSync(at('coredns.yaml'), 'edited')
    utimesSync(at('coredns.yaml'), 1_000, 1_000)
    machine.start()
    await eventually(() => readFileSync(at('coredns.yaml'), 'utf8') === stock, 'coredns.yaml as it was shipped')
    expect(statSync(at('coredns.yaml')).mtimeMs).toBeGreaterThan(1_000_000)
  })

  conform(4, 'source-derived', 'a deviation: a mode that somebody widened is narrowed again', async () => {
    await settle()
    await machine.stop()
    chmodSync(at('coredns.yaml'), 0o644)
    machine.start()
    await eventually(() => mode(at('coredns.yaml')) === 0o600, 'mode 0600')
  })
})

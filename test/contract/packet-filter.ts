import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Failure } from '../../src/domain/failure.ts'
import type { FilterDriftKind } from '../../src/ports/packet-filter-port.ts'
import { everythingProgram, setProgram, typicalProgram } from '../lab/filter-programs.ts'
import { type FilterLab, type FilterPlane, newFilterLab, nodeAddress, type RefusedProgram } from './filter-lab.ts'
import { connect, serve } from './filter-traffic.ts'
import { runInverse } from './run-inverse.ts'

const signal = new AbortController().signal

/**
 * What every packet filter does, whatever holds it. Each test has a node of its own, and undoes nothing by hand.
 * @param refused a program with one rule that this kernel refuses
 */
export function packetFilterContract(
  title: string,
  open: (lab: FilterLab) => Promise<FilterPlane>,
  refused: () => RefusedProgram,
): void {
  describe(`packet filter contract: ${title}`, () => {
    let lab: FilterLab
    let plane: FilterPlane
    beforeEach(async () => {
      lab = await newFilterLab()
      plane = await open(lab)
      await plane.addForeign()
    })
    afterEach(async () => {
      await plane.down?.()
      await lab.down()
    })

    const driftKinds = async (program = typicalProgram()): Promise<ReadonlySet<FilterDriftKind>> => {
      const seen = await plane.filter.observe(program, signal)
      return new Set(seen.kind === 'settled' ? [] : seen.drifts.map(({ kind }) => kind))
    }

    test('an empty node holds nothing of a program, and everything of none', async () => {
      expect(await plane.filter.observe(typicalProgram(), signal)).toMatchObject({ kind: 'absent' })
      expect(await plane.filter.observe(undefined, signal)).toEqual({ kind: 'settled' })
    })

    test('case 1: what was written is settled, and nothing of others has moved', async () => {
      const before = await plane.foreign()
      await plane.filter.check(typicalProgram(), signal)
      await plane.filter.replace(typicalProgram(), signal)
      expect(await plane.filter.observe(typicalProgram(), signal)).toEqual({ kind: 'settled' })
      expect(await plane.foreign()).toBe(before)
    })

    test('every match and every action comes back as it was written', async () => {
      const program = everythingProgram()
      await plane.filter.check(program, signal)
      await plane.filter.replace(program, signal)
      expect(await plane.filter.observe(program, signal)).toEqual({ kind: 'settled' })
    })

    test('case 2: a second write of the same program keeps the counters', async () => {
      await plane.filter.replace(typicalProgram(), signal)
      const server = await serve(lab.node, { tcp: [22] })
      await connect(lab.client, [`${nodeAddress.v4}/22`, `${nodeAddress.v6}/22`])
      await server.stop()
      const counted = await plane.counters()
      await plane.filter.replace(typicalProgram(), signal)
      expect(await plane.counters()).toBe(counted)
    })

    test('packets are dropped where the program says so, in both families, and pass elsewhere', async () => {
      const server = await serve(lab.node, { tcp: [22, 8080, 9999, 30_080] })
      await plane.filter.replace(typicalProgram(), signal)
      const places = [nodeAddress.v4, nodeAddress.v6].flatMap((host) =>
        [22, 8080, 9999, 30_080].map((port) => `${host}/${port}`),
      )
      const seen = await connect(lab.client, places)
      await server.stop()
      expect([...seen]).toEqual(places.map((place) => [place, /\/(9999|30080)$/.test(place) ? 'timeout' : 'open']))
    })

    test('a rule that is gone, and one that somebody added, are drift; a write puts both right', async () => {
      await plane.filter.replace(typicalProgram(), signal)
      const before = await plane.foreign()
      await plane.removeOneRule()
      expect((await driftKinds()).size).toBeGreaterThan(0)
      await plane.filter.replace(typicalProgram(), signal)
      expect(await driftKinds()).toEqual(new Set())
      await plane.addToOurs()
      expect((await driftKinds()).has('extra-rule')).toBe(true)
      await plane.filter.replace(typicalProgram(), signal)
      expect(await driftKinds()).toEqual(new Set())
      expect(await plane.foreign()).toBe(before)
    })

    test('case 19: after a flush our part comes back, and nothing of others is invented', async () => {
      await plane.filter.replace(typicalProgram(), signal)
      await plane.wipe()
      const before = await plane.foreign()
      expect(await plane.filter.observe(typicalProgram(), signal)).toMatchObject({ kind: 'absent' })
      await plane.filter.replace(typicalProgram(), signal)
      expect(await driftKinds()).toEqual(new Set())
      expect(await plane.foreign()).toBe(before)
    })

    test('case 12: a program that shrinks leaves no chain behind, and undefined leaves nothing at all', async () => {
      const before = await plane.foreign()
      await plane.filter.replace(everythingProgram(), signal)
      await plane.filter.replace(typicalProgram(), signal)
      expect(await driftKinds()).toEqual(new Set())
      expect(await plane.filter.observe(undefined, signal)).toMatchObject({ kind: 'drifted' })
      await plane.filter.replace(undefined, signal)
      expect(await plane.filter.observe(undefined, signal)).toEqual({ kind: 'settled' })
      expect(await plane.foreign()).toBe(before)
    })

    test('a set decides about its members, and one member more is drift of the set alone', async () => {
      const server = await serve(lab.node, { tcp: [8080] })
      const open4 = async (): Promise<string | undefined> =>
        (await connect(lab.client, [`${nodeAddress.v4}/8080`])).get(`${nodeAddress.v4}/8080`)
      await plane.filter.replace(setProgram(['192.0.2.0/24']), signal)
      expect(await open4()).toBe('open')
      const wider = setProgram(['10.90.0.0/24', '192.0.2.0/24'])
      expect(await driftKinds(wider)).toEqual(new Set<FilterDriftKind>(['set']))
      await plane.filter.replace(wider, signal)
      expect(await driftKinds(wider)).toEqual(new Set())
      expect(await open4()).toBe('timeout')
      await server.stop()
    })

    test('cases 4 and 5: a rule that the kernel refuses is named by its origin, and the live tables stay as they are', async () => {
      const { program, path } = refused()
      await plane.filter.replace(typicalProgram(), signal)
      const error = await plane.filter.check(program, signal).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(Failure)
      expect((error as Failure).detail).toMatchObject({ code: 'FILTER_REJECTED' })
      expect((error as Failure).detail.where).toContain(path)
      expect(await driftKinds()).toEqual(new Set())
    })

    test('the inverse leads back to nothing, to an older program, and may be run twice', async () => {
      const before = await plane.foreign()
      const toNothing = await plane.filter.inverse(signal)
      await plane.filter.replace(setProgram(['192.0.2.0/24']), signal)
      const toSet = await plane.filter.inverse(signal)
      await plane.filter.replace(everythingProgram(), signal)
      await runInverse(toSet, lab.node.commands)
      await runInverse(toSet, lab.node.commands)
      expect(await driftKinds(setProgram(['192.0.2.0/24']))).toEqual(new Set())
      await runInverse(toNothing, lab.node.commands)
      await runInverse(toNothing, lab.node.commands)
      expect(await plane.filter.observe(undefined, signal)).toEqual({ kind: 'settled' })
      expect(await plane.foreign()).toBe(before)
    })
  })
}

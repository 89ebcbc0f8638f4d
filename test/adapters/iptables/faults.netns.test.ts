import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openIptables } from '../../../src/adapters/iptables/open-iptables.ts'
import { Failure } from '../../../src/domain/failure.ts'
import type { CommandPort, CommandResult } from '../../../src/ports/command-port.ts'
import { runInverse } from '../../contract/run-inverse.ts'
import {
  anchor,
  everythingProgram,
  longProgram,
  programOf,
  setProgram,
  typicalProgram,
} from '../../lab/filter-programs.ts'
import { driftLines, eachBackend, signal } from './each-backend.ts'

eachBackend('faults', ({ plane, node, backend }) => {
  test('case 6: when a later table fails for good, those before it are again as they were', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const before = [await plane().save('iptables'), await plane().save('ip6tables')].map(rules)
    // The shadow took it; the live kernel says no at the fourth transaction.
    const filter = openIptables({
      commands: failing(node().commands, 4, { code: 4, stderr: 'line 3: RULE_APPEND failed (Cannot allocate memory)' }),
      backend,
      lockFile: plane().lockFile,
    })
    const error = await filter.replace(everythingProgram(), signal).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Failure)
    expect((error as Failure).detail.code).toBe('FILTER_FAILED')
    expect((error as Failure).message).toMatch(/^table \w+ \(v[46]\) was not written: .*as they were$/)
    expect([await plane().save('iptables'), await plane().save('ip6tables')].map(rules)).toEqual(before)
    expect(await node().run(['/usr/sbin/ipset', 'list', '-n'])).toBe('')
  })

  test('a table that changes under every plan is given up after five, and said so', async () => {
    const filter = openIptables({
      commands: failing(node().commands, 1, { code: 1, stderr: 'iptables-restore: line 2 failed' }, Infinity),
      backend,
      lockFile: plane().lockFile,
    })
    const error = await filter.replace(typicalProgram(), signal).catch((cause: unknown) => cause)
    expect((error as Failure).detail.code).toBe('FILTER_CONTESTED')
    expect(await plane().save('iptables')).not.toContain('FAIRLEAD')
  })

  test('a jump that vanishes between plan and write is planned anew', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    await plane().x('iptables', '-A', 'FAIRLEAD-INPUT', '-j', 'ACCEPT')
    await plane().filter.observe(typicalProgram(), signal)
    const [jump = ''] = (await plane().save('iptables')).match(/^-A INPUT .*FAIRLEAD-INPUT$/gm) ?? []
    await plane().restore('iptables', `*filter\n${jump.replace('-A', '-D')}\nCOMMIT\n`)
    await plane().filter.replace(typicalProgram(), signal)
    expect(await driftLines(plane(), typicalProgram())).toEqual([])
  })

  test('case 7: killed at any moment, the tables hold all of a transaction or nothing of it', async () => {
    const program = longProgram(3000)
    await plane().filter.check(program, signal)
    for (const afterMs of [5, 15, 30, 60]) {
      const commands = killing(node().commands, afterMs)
      const filter = openIptables({ commands, backend, lockFile: plane().lockFile, lockBudgetMs: 1 })
      await filter.replace(program, signal).catch(() => undefined)
      const count = (await plane().save('iptables')).match(/^-A FAIRLEAD-INPUT /gm)?.length ?? 0
      expect([0, 3000]).toContain(count)
      await plane().filter.replace(undefined, signal)
    }
    await plane().filter.replace(program, signal)
    expect(await plane().filter.observe(program, signal)).toEqual({ kind: 'settled' })
  })

  test('case 9: an answer that does not come is an error, and never drift', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const commands: CommandPort = {
      ...node().commands,
      run: async (argv, options) => {
        const result = await node().commands.run(argv, options)
        return argv[0].endsWith('-save') ? { ...result, code: 4, stdout: '', stderr: 'no memory' } : result
      },
    }
    const filter = openIptables({ commands, backend, lockFile: plane().lockFile })
    const error = await filter.observe(typicalProgram(), signal).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(Failure)
  })

  test('the inverse leads back from every state between two programs', async () => {
    const [old, next] = [setProgram(['192.0.2.0/24']), everythingProgram()]
    for (const writes of [0, 1, 2, 3, 5, 8]) {
      await plane().filter.replace(old, signal)
      const steps = await plane().filter.inverse(signal)
      const stopping = openIptables({
        commands: failing(node().commands, writes + 1, undefined, Infinity),
        backend,
        lockFile: plane().lockFile,
      })
      await stopping.replace(next, signal).catch(() => undefined)
      await runInverse(steps, node().commands)
      expect(await driftLines(plane(), old)).toEqual([])
    }
  })

  test('the inverse takes a second jump away and brings a lost one back', async () => {
    await plane().filter.replace(typicalProgram(), signal)
    const steps = await plane().filter.inverse(signal)
    const [jump = ''] = (await plane().save('iptables')).match(/^-A INPUT .*FAIRLEAD-INPUT$/gm) ?? []
    await plane().restore('iptables', `*filter\n${jump}\nCOMMIT\n`)
    await runInverse(steps, node().commands)
    expect(await driftLines(plane(), typicalProgram())).toEqual([])
    await plane().restore('iptables', `*filter\n${jump.replace('-A', '-D')}\nCOMMIT\n`)
    await runInverse(steps, node().commands)
    expect(await driftLines(plane(), typicalProgram())).toEqual([])
  })

  // Twenty seconds in the long form; the race is the same.
  test('case 17: beside a writer that saves, waits and restores a whole table, both end with what they want', async () => {
    await plane().restore('iptables', '*filter\n:THEIRS - [0:0]\n-A INPUT -p tcp -m tcp --dport 4 -j THEIRS\nCOMMIT\n')
    let [stop, turn] = [false, 0]
    const rewriting = (async (): Promise<void> => {
      while (!stop) {
        const text = await plane().save('iptables', '-t', 'filter')
        await sleep(150)
        await node().commands.run([`/usr/sbin/iptables-${backend}-restore`, '-w', '5', '-T', 'filter'], {
          input: text,
          environment: { XTABLES_LOCKFILE: plane().lockFile },
        })
      }
    })()
    const [one, other] = [typicalProgram(), programOf([anchor])]
    for (const end = performance.now() + 5000; performance.now() < end; await sleep(40)) {
      const error = await plane()
        .filter.replace(turn % 2 === 0 ? one : other, signal)
        .catch((cause: unknown) => cause)
      turn += 1
      if (error !== undefined) expect(error).toMatchObject({ detail: { code: 'FILTER_CONTESTED' } })
    }
    stop = true
    await rewriting
    // The last restore may have put an older state back: that is drift, and one write ends it.
    await plane().filter.replace(one, signal)
    expect(turn).toBeGreaterThan(10)
    expect(await driftLines(plane(), one)).toEqual([])
    const text = await plane().save('iptables')
    expect(text.match(/^-A INPUT -p tcp -m tcp --dport 4 -j THEIRS$/gm)?.length).toBe(1)
  })

  test.skipIf(backend === 'nft')(
    'case 8: a lock that is held a while is waited for; one that stays is told',
    async () => {
      await plane().filter.check(typicalProgram(), signal)
      const hold = (seconds: number): { readonly stop: () => Promise<void> } =>
        node().commands.follow(['/usr/bin/flock', plane().lockFile, '/usr/bin/sleep', String(seconds)], {
          onLine: () => {},
          onEnd: () => {},
        })
      const short = hold(2)
      await sleep(200)
      await plane().filter.replace(typicalProgram(), signal)
      expect(await driftLines(plane(), typicalProgram())).toEqual([])
      await short.stop()
      const before = await plane().save('iptables')
      const long = hold(60)
      await sleep(200)
      const hasty = openIptables({ commands: node().commands, backend, lockFile: plane().lockFile, lockBudgetMs: 1500 })
      const error = await hasty.replace(programOf([anchor]), signal).catch((cause: unknown) => cause)
      expect((error as Failure).detail.code).toBe('FILTER_LOCKED')
      expect((error as Failure).message).toContain('nothing was written')
      // Reading takes no lock.
      expect(await driftLines(plane(), typicalProgram())).toEqual([])
      expect(rules(await plane().save('iptables'))).toEqual(rules(before))
      await long.stop()
    },
  )
})

function rules(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith('-A') || line.startsWith(':FAIRLEAD'))
}

/** Lets the first writes to the live tables through, then answers `times` of them itself; without an answer, with a kill. */
function failing(
  commands: CommandPort,
  from: number,
  answer: Pick<CommandResult, 'code' | 'stderr'> = { code: 4, stderr: 'stopped by the test (Cannot allocate memory)' },
  times = 1,
): CommandPort {
  let writes = 0
  return {
    ...commands,
    run: async (argv, options) => {
      const isWrite = argv.includes('--noflush') && !argv.includes('-c')
      if (isWrite) writes += 1
      if (!isWrite || writes < from || writes >= from + times) return commands.run(argv, options)
      return { ...answer, stdout: '', tookMs: 0 }
    },
  }
}

/** Kills every write to the live tables after so many milliseconds. */
function killing(commands: CommandPort, afterMs: number): CommandPort {
  return {
    ...commands,
    run: (argv, options) =>
      argv.includes('--noflush') && !argv.includes('-c')
        ? commands.run(argv, { ...options, timeoutMs: afterMs })
        : commands.run(argv, options),
  }
}

import { describe, expect, test } from 'vitest'
import { readComplaint } from '../../../src/adapters/nft/nft-failure.ts'
import { openNft } from '../../../src/adapters/nft/nft-filter.ts'
import type { CommandPort, CommandResult } from '../../../src/ports/command-port.ts'
import { typicalProgram } from '../../lab/filter-programs.ts'

const signal = new AbortController().signal
const nothing: CommandResult = { code: 0, stdout: '', stderr: '', tookMs: 1 }

function commandsThat(
  answer: (argv: readonly string[]) => Partial<CommandResult>,
  missing: readonly string[] = [],
): CommandPort {
  return {
    run: async (argv) => ({ ...nothing, ...answer(argv) }),
    follow: () => {
      throw new Error('not followed here')
    },
    find: async (program) => (missing.includes(program) ? undefined : `/usr/sbin/${program}`),
  }
}

async function codeOf(commands: CommandPort): Promise<unknown> {
  const error: unknown = await openNft({ commands })
    .observe(typicalProgram(), signal)
    .catch((cause: unknown) => cause)
  return (error as { readonly detail: unknown }).detail
}

describe('without what it needs', () => {
  test.each(['nft', 'unshare'])('%s missing is told, and that there is another plane', async (program) => {
    const detail = await codeOf(commandsThat(() => ({}), [program]))
    expect(detail).toMatchObject({ code: 'FILTER_UNSUPPORTED', fix: expect.stringContaining('plane: iptables') })
  })

  test('not being root is told as such', async () => {
    const stderr =
      'Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n'
    expect(await codeOf(commandsThat(() => ({ code: 1, stderr })))).toMatchObject({
      code: 'FILTER_UNSUPPORTED',
      fix: expect.stringContaining('root'),
    })
  })

  test('no answer in time is worth another try', async () => {
    const { code: _, ...unanswered } = nothing
    const commands: CommandPort = {
      ...commandsThat(() => ({})),
      run: async () => ({ ...unanswered, code: undefined, failed: 'timeout' }),
    }
    expect(await codeOf(commands)).toMatchObject({ code: 'FILTER_FAILED', retry: 'soon' })
  })

  test('an nft that is too old is refused by its version, a kernel by the line it refuses', async () => {
    const answer = (version: string, probe: Partial<CommandResult>) => (argv: readonly string[]) =>
      argv.includes('--version') ? { stdout: `nftables ${version} (Name)\n` } : probe
    const ask = (commands: CommandPort): Promise<unknown> => openNft({ commands }).capabilities(signal)
    await expect(ask(commandsThat(answer('v0.9.8', {})))).rejects.toMatchObject({
      detail: { code: 'FILTER_UNSUPPORTED' },
    })
    await expect(ask(commandsThat(answer('v1.0.1', {})))).resolves.toEqual({ tool: 'nftables v1.0.1', unsupported: [] })
    const stderr = '/dev/stdin:13:1-5: Error: Could not process rule: Not supported\n'
    const refused = ask(commandsThat(answer('v1.1.0', { code: 1, stderr })))
    await expect(refused).rejects.toThrow(/refuses "chain probe_nat .*: Could not process rule: Not supported/)
  })
})

describe('what nft complains about', () => {
  test.each([
    [
      '/dev/stdin:10:3-26: Error: Could not process rule: Operation not supported\n\t\tjump a\n',
      { line: 10, words: 'Could not process rule: Operation not supported' },
    ],
    ['Error: No such file or directory\nlist table inet x\n', { words: 'No such file or directory' }],
    [
      'netlink: Error: cache initialization failed: Operation not permitted\n',
      { words: 'cache initialization failed: Operation not permitted' },
    ],
    ['something else\nand more\n', { words: 'something else' }],
  ])('%j', (stderr, expected) => {
    expect(readComplaint(stderr)).toEqual(expected)
  })
})

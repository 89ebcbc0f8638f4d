import type { InverseStep } from '../../domain/inverse.ts'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import type { SavedTables } from '../../domain/saved-tables.ts'
import type { CommandPort, CommandResult } from '../../ports/command-port.ts'
import type { FilterCapabilities, FilterObservation, PacketFilterPort } from '../../ports/packet-filter-port.ts'
import { readIptables } from './iptables-tables.ts'
import { LearnedPrograms } from './learned-programs.ts'
import { allExtra, allMissing, compareListings } from './nft-drift.ts'
import { nftFailure, notReversible, readComplaint } from './nft-failure.ts'
import { parseNftListing, settledText } from './nft-listing.ts'
import { tableName } from './nft-names.ts'
import { findNft, nftCapabilities } from './nft-programs.ts'
import { type NftPrograms, runInShadow } from './nft-shadow.ts'
import { printSetChange, removal } from './nft-text.ts'
import { changedMembers } from './set-change.ts'

const timeoutMs = 60_000

/**
 * The packet filter as one native table, `inet fairlead`, that no writer of iptables touches. A drop in it is final
 * whatever others say; an accept ends only the chains of this table at that hook, and does not overrule a drop elsewhere
 * (node-networking §1.4).
 */
export function openNft({ commands }: { readonly commands: CommandPort }): PacketFilterPort {
  return new NftFilter(commands)
}

/** What an observation found, kept for the write that it asks for. */
interface Pending {
  readonly program: FilterProgram
  readonly live: string | undefined
}

class NftFilter implements PacketFilterPort {
  readonly plane = 'nft'
  readonly #commands: CommandPort
  readonly #learned: LearnedPrograms
  #pending: Pending | undefined

  constructor(commands: CommandPort) {
    this.#commands = commands
    this.#learned = new LearnedPrograms(commands)
  }

  async capabilities(signal: AbortSignal): Promise<FilterCapabilities> {
    return nftCapabilities(this.#commands, await this.#find(signal))
  }

  async check(program: FilterProgram, signal: AbortSignal): Promise<void> {
    await this.#learned.learn(program, await this.#find(signal))
  }

  async observe(program: FilterProgram | undefined, signal: AbortSignal): Promise<FilterObservation> {
    const programs = await this.#find(signal)
    this.#pending = undefined
    if (program === undefined) {
      const live = await this.#list(programs)
      return live === undefined ? { kind: 'settled' } : { kind: 'drifted', drifts: allExtra(parseNftListing(live)) }
    }
    const [live, wanted] = await Promise.all([this.#list(programs), this.#learned.learn(program, programs)])
    if (live === wanted.text) return { kind: 'settled' }
    this.#pending = { program, live }
    if (live === undefined) return { kind: 'absent', drifts: allMissing(wanted.listing) }
    return { kind: 'drifted', drifts: compareListings(wanted.listing, parseNftListing(live)) }
  }

  async replace(program: FilterProgram | undefined, signal: AbortSignal): Promise<void> {
    const programs = await this.#find(signal)
    if (program === undefined) return this.#remove(programs)
    // What was seen a moment ago needs no second look: the write is right whatever is loaded by now.
    if (this.#pending?.program !== program) await this.observe(program, signal)
    const pending = this.#pending
    this.#pending = undefined
    if (pending === undefined) return
    const wanted = await this.#learned.learn(program, programs)
    const sets =
      pending.live === undefined ? undefined : changedMembers(program, wanted.listing, parseNftListing(pending.live))
    // Refused when somebody took the table away since; the whole table does not mind.
    if (sets !== undefined && (await this.#load(programs, printSetChange(sets))).code === 0) return
    const result = await this.#load(programs, wanted.source.text)
    if (result.code !== 0) throw nftFailure(result, 'writing the table')
  }

  async inverse(signal: AbortSignal): Promise<readonly InverseStep[]> {
    const programs = await this.#find(signal)
    const live = await this.#list(programs)
    const input = live === undefined ? removal : await this.#payloadOf(live, programs)
    return [{ kind: 'run', argv: [programs.nft, '-f', '-'], input }]
  }

  async tables(signal: AbortSignal): Promise<SavedTables> {
    signal.throwIfAborted()
    return readIptables(this.#commands)
  }

  /** What was loaded from a program is loaded from it again; anything else is proved in a shadow first. */
  async #payloadOf(live: string, programs: NftPrograms): Promise<string> {
    const known = await this.#learned.listedAs(live)
    if (known !== undefined) return known.source.text
    const payload = removal + live
    const again = await runInShadow(this.#commands, programs, payload)
    if (again.code !== 0) throw notReversible(readComplaint(again.stderr).words)
    return payload
  }

  async #remove(programs: NftPrograms): Promise<void> {
    this.#pending = undefined
    if ((await this.#list(programs)) === undefined) return
    const result = await this.#load(programs, removal)
    if (result.code !== 0) throw nftFailure(result, 'removing the table')
  }

  #load({ nft }: NftPrograms, payload: string): Promise<CommandResult> {
    return this.#commands.run([nft, '-f', '-'], { input: payload, timeoutMs })
  }

  /** The table as it is loaded; undefined when there is none. */
  async #list({ nft }: NftPrograms): Promise<string | undefined> {
    const result = await this.#commands.run([nft, '-s', 'list', 'table', 'inet', tableName], { timeoutMs })
    if (result.code === 0) return settledText(result.stdout)
    if (/No such file or directory/.test(result.stderr)) return undefined
    throw nftFailure(result, 'reading the table')
  }

  #find(signal: AbortSignal): Promise<NftPrograms> {
    signal.throwIfAborted()
    return findNft(this.#commands)
  }
}

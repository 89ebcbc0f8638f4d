import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { FilterProgram } from '../../domain/packet-filter.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import type { NftListing } from './nft-listing.ts'
import { parseNftListing } from './nft-listing.ts'
import { learnText, type NftPrograms } from './nft-shadow.ts'
import { type NftText, printNftTable } from './nft-text.ts'

/** The one in force, the one that is tried, the one before, and a little more. */
const mostLearned = 6

export interface LearnedProgram {
  readonly source: NftText
  /** As this kernel lists it. */
  readonly text: string
  readonly listing: NftListing
}

/** Programs as this node's kernel and nft print them, each asked for once. */
export class LearnedPrograms {
  readonly #commands: CommandPort
  readonly #printed = new WeakMap<FilterProgram, { readonly source: NftText; readonly digest: string }>()
  readonly #learned = new Map<string, Promise<LearnedProgram>>()

  constructor(commands: CommandPort) {
    this.#commands = commands
  }

  /** @throws Failure FILTER_REJECTED */
  async learn(program: FilterProgram, programs: NftPrograms): Promise<LearnedProgram> {
    const { source, digest } = this.#print(program)
    const key = `${digest} ${await identityOf(programs.nft)}`
    const known = this.#learned.get(key)
    if (known !== undefined) {
      // What is in use stays.
      this.#learned.delete(key)
      this.#learned.set(key, known)
      return known
    }
    const learning = learnText(this.#commands, programs, program, source).then((text) => ({
      source,
      text,
      listing: parseNftListing(text),
    }))
    this.#learned.set(key, learning)
    // A refusal or a failure is asked about again.
    learning.catch(() => this.#learned.delete(key))
    const oldest = this.#learned.keys().next().value
    if (this.#learned.size > mostLearned && oldest !== undefined) this.#learned.delete(oldest)
    return learning
  }

  /** A program that is known to be listed so. */
  async listedAs(text: string): Promise<LearnedProgram | undefined> {
    for (const known of this.#learned.values()) {
      const learned = await known.catch(() => undefined)
      if (learned?.text === text) return learned
    }
    return undefined
  }

  #print(program: FilterProgram): { readonly source: NftText; readonly digest: string } {
    const known = this.#printed.get(program)
    if (known !== undefined) return known
    const source = printNftTable(program)
    const printed = { source, digest: createHash('sha256').update(source.text).digest('hex') }
    this.#printed.set(program, printed)
    return printed
  }
}

/** Another binary may print other words. */
async function identityOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path)
    return `${ino} ${mtimeMs} ${size}`
  } catch {
    return 'gone'
  }
}

/** What `nft list table` says, cut into its parts. Lines are trimmed; their order is the kernel's. */
export interface NftListing {
  /** What stands outside of chains and sets: `flags dormant`, or something that we never wrote. */
  readonly others: readonly string[]
  readonly chains: ReadonlyMap<string, readonly string[]>
  readonly sets: ReadonlyMap<string, readonly string[]>
}

/**
 * The listing without what lives in it: sources that a rate is kept for at the moment. Everything else is what somebody
 * wrote, so two of these texts are equal exactly when the tables are.
 */
export function settledText(listing: string): string {
  if (!listing.includes('\tset limit')) return listing
  return listing.replace(
    /(\tset limit[46]_[a-z2-7]+ \{\n(?:\t\t(?!elements = ).*\n)*)\t\telements = \{[^}]*\}\n/g,
    (_, head: string) => head,
  )
}

export function parseNftListing(listing: string): NftListing {
  const [chains, sets] = [new Map<string, readonly string[]>(), new Map<string, readonly string[]>()]
  const others: string[] = []
  let open: string[] | undefined
  // The first and the last line are the table's own.
  for (const line of listing.trimEnd().split('\n').slice(1, -1)) {
    const block = /^\t(chain|set) (\S+) \{/.exec(line)
    if (block?.[2] !== undefined) {
      open = []
      ;(block[1] === 'chain' ? chains : sets).set(block[2], open)
    } else if (line === '\t}') {
      open = undefined
    } else if (line.trim() !== '') {
      ;(open ?? others).push(line.trim())
    }
  }
  return { others, chains, sets }
}

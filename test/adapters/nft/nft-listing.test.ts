import { describe, expect, test } from 'vitest'
import { compareListings } from '../../../src/adapters/nft/nft-drift.ts'
import { parseNftListing, settledText } from '../../../src/adapters/nft/nft-listing.ts'
import { changedMembers } from '../../../src/adapters/nft/set-change.ts'
import { setProgram } from '../../lab/filter-programs.ts'

/** As nft 1.0.6 lists it. */
function listing(
  members: string,
  rules: readonly string[] = ['ip saddr @FAIRLEAD4-BLOCKED drop'],
  sources = '',
): string {
  return `table inet fairlead {
	set FAIRLEAD4-BLOCKED {
		type ipv4_addr
		flags interval
		auto-merge
${members === '' ? '' : `		elements = { ${members} }\n`}	}

	set limit4_abc {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 1m
${sources}	}

	chain filter4_FAIRLEAD-INPUT {
${rules.map((rule) => `\t\t${rule}\n`).join('')}	}
}
`
}

const remembered =
  '\t\telements = { 192.0.2.1 limit rate 1/hour timeout 1m expires 55s,\n\t\t\t     192.0.2.2 limit rate 1/hour timeout 1m expires 59s }\n'
const program = setProgram(['192.0.2.0/24'])

describe('a listing', () => {
  test('is the same whatever sources a rate is kept for', () => {
    expect(settledText(listing('192.0.2.0/24', [], remembered))).toBe(listing('192.0.2.0/24', []))
  })

  test('keeps the members of sets that somebody wrote', () => {
    expect(settledText(listing('192.0.2.0/24'))).toBe(listing('192.0.2.0/24'))
  })

  test('differs in single members, told one by one', () => {
    const [want, have] = [listing('192.0.2.0/24, 198.51.100.0/24'), listing('192.0.2.0/24,\n\t\t\t     203.0.113.0/24')]
    expect(compareListings(parseNftListing(want), parseNftListing(have))).toEqual([
      {
        kind: 'set',
        family: 'v4',
        table: 'filter',
        name: 'FAIRLEAD4-BLOCKED',
        expected: ['198.51.100.0/24'],
        found: ['203.0.113.0/24'],
      },
    ])
  })

  test('tells at most twenty lines of each', () => {
    const rules = Array.from({ length: 50 }, (_, at) => `tcp dport ${at} accept`)
    const [drift] = compareListings(parseNftListing(listing('', rules)), parseNftListing(listing('', [])))
    expect(drift).toMatchObject({ kind: 'content', found: [] })
    expect(drift?.expected).toEqual(rules.slice(0, 20))
  })
})

describe('sets can be filled alone', () => {
  const changed = (want: string, have: string): readonly string[] | undefined =>
    changedMembers(program, parseNftListing(want), parseNftListing(have))?.map(({ name }) => name)

  test('when nothing but members differs', () => {
    expect(changed(listing('192.0.2.0/24'), listing('198.51.100.0/24'))).toEqual(['FAIRLEAD4-BLOCKED'])
    expect(changed(listing('192.0.2.0/24'), listing(''))).toEqual(['FAIRLEAD4-BLOCKED'])
  })

  test.each([
    ['a rule differs', listing('192.0.2.0/24', ['drop'])],
    ['a set is of another type', listing('192.0.2.0/24').replace('flags interval\n', '')],
    ['the table sleeps', listing('192.0.2.0/24').replace('{\n', '{\n\tflags dormant\n')],
    ['a set is gone', listing('192.0.2.0/24').replace('set FAIRLEAD4-BLOCKED', 'set FAIRLEAD4-OTHER')],
  ])('not when %s', (_, have) => {
    expect(changed(listing('198.51.100.0/24'), have)).toBeUndefined()
  })
})

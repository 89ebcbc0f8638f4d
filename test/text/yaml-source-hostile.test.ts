import { describe, expect, test } from 'vitest'
import { documentOptions, readYaml } from '../../src/text/yaml-source.ts'

function codes(text: string): string[] {
  return [...new Set(readYaml('f.yaml', text, documentOptions).problems.map(({ code }) => code))]
}

/** `piece`, repeated up to just below the byte limit. */
function filled(piece: string): string {
  return piece.repeat(Math.floor((documentOptions.maxBytes - 10) / piece.length))
}

describe('nesting', () => {
  test('is refused long before it could overflow the stack', () => {
    for (const piece of ['[', '{', '[{', '- ', '? ', ': ']) expect(codes(filled(piece)), piece).toEqual(['TOO_DEEP'])
    const stairs = Array.from({ length: 1000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')
    expect(codes(stairs)).toEqual(['TOO_DEEP'])
  })

  test('goes as deep as the limit says, and no deeper', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}x${']'.repeat(depth)}`
    expect(codes(nested(documentOptions.maxDepth))).toEqual([])
    expect(codes(nested(documentOptions.maxDepth + 1))).toEqual(['TOO_DEEP'])
  })

  test('counts through aliases', () => {
    const chain = (length: number): string =>
      Array.from({ length }, (_, index) => `k${index}: &a${index} [${index === 0 ? 'x' : `*a${index - 1}`}]`).join('\n')
    expect(codes(chain(documentOptions.maxDepth - 1))).toEqual([])
    expect(codes(chain(documentOptions.maxDepth + 1))).toEqual(['ALIAS_EXPANSION'])
  })
})

describe('aliases', () => {
  test('that stand for a billion values are refused', () => {
    const levels = Array.from(
      { length: 9 },
      (_, index) => `a${index + 1}: &a${index + 1} [${Array(9).fill(`*a${index}`).join(',')}]`,
    )
    expect(codes(['a0: &a0 [x,x,x,x,x,x,x,x,x]', ...levels].join('\n'))).toEqual(['ALIAS_EXPANSION'])
  })

  test('of one large value many times over are refused', () => {
    const large = `a: &a [${Array(500).fill('x').join(',')}]\n`
    expect(codes(`${large}b: [${Array(19).fill('*a').join(', ')}]\n`)).toEqual([])
    expect(codes(`${large}b: [${Array(21).fill('*a').join(', ')}]\n`)).toEqual(['ALIAS_EXPANSION'])
  })

  test('in merge keys count as well', () => {
    const large = `a: &a {${Array.from({ length: 500 }, (_, index) => `k${index}: x`).join(',')}}\n`
    expect(codes(`${large}b:\n${'- <<: *a\n'.repeat(30)}`)).toEqual(['ALIAS_EXPANSION'])
  })
})

describe('a megabyte of anything', () => {
  // No clock is looked at: what is quadratic in the text runs into the time limit of the test runner.
  const pieces = [
    '\n',
    '- a\n',
    ',',
    ']',
    ':\n',
    '&a ',
    '%a\n',
    '- |\n a\n',
    '"',
    '  a: 1\n a: 1\n',
    '? a\n: b\n',
    '[a, ',
  ]
  for (const piece of pieces) {
    test(`of ${JSON.stringify(piece)} is answered`, () => {
      const { documents, problems } = readYaml('f.yaml', filled(piece), documentOptions)
      expect(documents.length + problems.length).toBeLessThan(120)
    })
  }

  test('of keys is answered', () => {
    let text = ''
    for (let index = 0; index < 30_000; index++) text += `k${index}: 1\n`
    expect(readYaml('f.yaml', text, documentOptions).problems).toEqual([])
  })
})

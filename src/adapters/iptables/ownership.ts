import { idOfLine, type OwnTable } from './own-tables.ts'

/**
 * Whether a chain with our prefix is provably ours: it holds a rule with our comment, or a jump with our comment leads
 * to it. A chain that somebody made by hand with our prefix has neither: it is told, and left alone.
 */
export function isProvablyOurs(table: OwnTable, chain: string): boolean {
  return (
    table.jumps.some((jump) => jump.isOurs && jump.chain === chain) ||
    (table.chains.get(chain) ?? []).some((line) => idOfLine(line) !== undefined) ||
    [...table.chains].some(([name, lines]) => name !== chain && lines.some((line) => leadsTo(line, chain)))
  )
}

function leadsTo(line: string, chain: string): boolean {
  return line.endsWith(` -j ${chain}`) && idOfLine(line) !== undefined
}

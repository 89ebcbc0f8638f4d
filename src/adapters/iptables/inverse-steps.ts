import type { InverseStep } from '../../domain/inverse.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import { setPayload, setsAgain } from './address-sets.ts'
import { type LiveState, liveTable } from './live-tables.ts'
import { filterTables } from './program-payload.ts'

/** Absolute paths of what the steps run. */
export interface InversePrograms {
  readonly sh: string
  readonly awk: string
  readonly ipset: string | undefined
  readonly pairs: ReadonlyMap<AddressFamilyKey, { readonly save: string; readonly restore: string }>
}

/**
 * Steps that lead from wherever the node is then to the state of now. What a later program will have added is not known
 * yet, so each step reads the tables first: chains with our prefix and jumps with our comment that were not there go,
 * those that were come back, in one transaction for each table.
 */
export function inverseSteps(state: LiveState, programs: InversePrograms): readonly InverseStep[] {
  const { sh, awk, ipset } = programs
  const sets = setsAgain(state.sets)
  const tables = [...programs.pairs].map(
    ([family, { save, restore }]): InverseStep => ({
      kind: 'run',
      argv: [sh, '-c', tableScript, 'sh', save, restore, awk, awkProgram],
      input: familyInput(state, family),
    }),
  )
  if (ipset === undefined) return tables
  const kept = sets.map(({ name }) => name)
  return [
    ...(sets.length === 0
      ? []
      : [{ kind: 'run', argv: [ipset, '-exist', 'restore'], input: setPayload(sets) } satisfies InverseStep]),
    ...tables,
    { kind: 'run', argv: [sh, '-c', setScript, 'sh', ipset, ...kept], mayFail: true },
  ]
}

/** What was there: `T table`, then its chains and rules as they were printed, jumps as `J` lines. */
function familyInput(state: LiveState, family: AddressFamilyKey): string {
  const lines = filterTables.flatMap((name) => {
    const table = liveTable(state, family, name)
    const jumps = table.jumps.filter((jump) => jump.isOurs).map(({ from, body }) => `J ${from} ${body}`)
    const chains = [...table.chains].flatMap(([chain, rules]) => [`O ${chain}`, ...rules])
    return [`T ${name}`, ...chains, ...jumps.toReversed()]
  })
  return `${lines.join('\n')}\n`
}

/**
 * Fixed text; programs come as arguments, the state as input. A table that needs nothing is not opened: reading one
 * creates it in the legacy backend.
 */
const tableScript = [
  'save=$1 restore=$2 awk=$3 program=$4',
  'now=$("$save") && was=$(cat) || exit 1',
  'failed=0',
  'for table in filter nat mangle raw; do plan=$(printf "%s\\n" "$now" "#was" "$was" | "$awk" -v table="$table" "$program") || exit 1',
  '[ -z "$plan" ] || printf "%s\\n" "$plan" | "$restore" -w 5 --noflush || failed=1; done',
  'exit $failed',
].join('; ')

/** First what the tables hold now, then, below `#was`, what they held. Prints one transaction, or nothing. */
const awkProgram = [
  '/^# Table .* is incompatible/ { exit 1 }',
  '$0 == "#was" { was = 1; inside = 0; next }',
  '!was && /^\\*/ { inside = ($0 == "*" table); next }',
  'was && $1 == "T" { inside = ($2 == table); next }',
  '!inside { next }',
  '!was && /^:FAIRLEAD-/ { name = substr($1, 2); present[name] = 1; order[++chains] = name; next }',
  '!was && /^-A FAIRLEAD-/ { if ($0 ~ /--comment "?fairlead:/) ours[$2] = 1; next }',
  '!was && /^-A / && /--comment "?fairlead:[a-z2-7]+"? -[jg] FAIRLEAD-/ { jump[++jumps] = substr($0, 4); ours[$NF] = 1; next }',
  'was && $1 == "O" { wanted[++wants] = $2; iswanted[$2] = 1; next }',
  'was && /^-A / { rule[++rules] = $0; next }',
  'was && $1 == "J" { text = substr($0, 3); stays[text] = 1; back[++backs] = text; next }',
  'END { for (i = 1; i <= wants; i++) print2(":" wanted[i] " - [0:0]")',
  'for (i = 1; i <= chains; i++) if (!iswanted[order[i]] && ours[order[i]]) { gone[++gones] = order[i]; print2(":" order[i] " - [0:0]") }',
  'for (i = 1; i <= rules; i++) print2(rule[i])',
  'for (i = 1; i <= jumps; i++) { if (stays[jump[i]] && !kept[jump[i]]) kept[jump[i]] = 1; else print2("-D " jump[i]) }',
  'for (i = 1; i <= backs; i++) if (!kept[back[i]]) { n = index(back[i], " "); print2("-I " substr(back[i], 1, n) "1" substr(back[i], n)) }',
  'for (i = 1; i <= gones; i++) print2("-X " gone[i])',
  'if (lines) print "COMMIT" }',
  'function print2(text) { if (!lines++) print "*" table; print text }',
].join('\n')

/** A set is free a little after its last rule is gone. */
const setScript = [
  'ipset=$1; shift',
  'for turn in 1 2 3 4 5 6 7 8 9 10; do left=0; for name in $("$ipset" list -n | grep "^FAIRLEAD[46]-"); do keep=0',
  'for one in "$@"; do [ "$one" != "$name" ] || keep=1; done; [ $keep = 1 ] || "$ipset" destroy "$name" || left=1; done',
  '[ $left = 1 ] || exit 0; sleep 0.1 || sleep 1; done; exit 1',
].join('; ')

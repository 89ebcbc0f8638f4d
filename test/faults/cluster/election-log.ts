import { existsSync, readFileSync } from 'node:fs'

/** Somebody led at that moment, in its so-manieth turn, by the clock that all processes of a machine share. */
export interface LeadMark {
  readonly name: string
  readonly turn: number
  /** Nanoseconds, CLOCK_MONOTONIC. */
  readonly at: bigint
}

/** One turn, from the first to the last moment in which it is known to have lasted. */
export interface Turn {
  readonly name: string
  readonly turn: number
  readonly fromMs: number
  readonly toMs: number
}

export function electionLine({ name, turn, at }: LeadMark): string {
  return `${name} ${turn} ${at}\n`
}

/** In order of their beginning. */
export function turnsOf(log: string): readonly Turn[] {
  if (!existsSync(log)) return []
  const turns = new Map<string, Turn>()
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [name = '', turn = '', at = ''] = line.split(' ')
    // The last line may be half written.
    if (at === '' || !line.includes(' ')) continue
    const [key, atMs] = [`${name} ${turn}`, Number(BigInt(at)) / 1e6]
    const known = turns.get(key)
    turns.set(key, {
      name,
      turn: Number(turn),
      fromMs: Math.min(known?.fromMs ?? atMs, atMs),
      toMs: Math.max(known?.toMs ?? atMs, atMs),
    })
  }
  return [...turns.values()].sort((a, b) => a.fromMs - b.fromMs)
}

/** Pairs of turns that shared a moment. */
export function overlaps(turns: readonly Turn[]): readonly string[] {
  return turns.flatMap((turn, at) =>
    turns
      .slice(at + 1)
      .filter((later) => later.fromMs <= turn.toMs)
      .map((later) => `${turn.name}#${turn.turn} and ${later.name}#${later.turn}`),
  )
}

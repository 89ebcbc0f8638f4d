const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `12s`, `5m`, `3h`, `9d` like kubectl; two units below ten of the larger: `2m30s`. */
export function formatAge(ms: number): string {
  const index = units.findIndex(([, size]) => ms >= size)
  const [unit, size] = units[index] ?? (['s', 1_000] as const)
  const count = Math.floor(Math.max(0, ms) / size)
  const [smaller, smallerSize] = units[index + 1] ?? []
  const rest = smallerSize === undefined || index < 0 ? 0 : Math.floor((ms % size) / smallerSize)
  return count >= 10 || rest === 0 || smaller === undefined ? `${count}${unit}` : `${count}${unit}${rest}${smaller}`
}

/** The age of an ISO 8601 time; `unknown` for anything else. */
export function ageOf(time: string, nowMs: number): string {
  const then = Date.parse(time)
  return Number.isNaN(then) ? 'unknown' : formatAge(nowMs - then)
}

const unitMs = { h: 3_600_000, m: 60_000, s: 1_000 } as const

/** Milliseconds of `60s`, `2h`, `1h30m`; undefined for everything else. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text)
  if (match === null || text === '') return undefined
  const [, hours = '0', minutes = '0', seconds = '0'] = match
  return Number(hours) * unitMs.h + Number(minutes) * unitMs.m + Number(seconds) * unitMs.s
}

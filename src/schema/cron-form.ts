const fields = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { least: 0, most: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const

type Field = (typeof fields)[number]

/** Five cron fields (minute, hour, day of month, month, day of week) with `*`, ranges, lists and steps; crontab(5). */
export function isCronExpression(text: string): boolean {
  const parts = text.split(' ')
  return parts.length === fields.length && fields.every((field, index) => isCronField(parts[index] ?? '', field))
}

function isCronField(text: string, field: Field): boolean {
  return text.split(',').every((item) => {
    const [range = '', step, ...rest] = item.split('/')
    if (rest.length > 0 || (step !== undefined && !/^[1-9]\d?$/.test(step))) return false
    if (range === '*') return true
    const [from, to, ...more] = range.split('-').map((bound) => cronNumber(bound, field))
    if (more.length > 0 || from === undefined) return false
    return range.includes('-') ? to !== undefined && from <= to : true
  })
}

/** The number of a bound, or undefined when the field cannot hold it. */
function cronNumber(text: string, field: Field): number | undefined {
  const names: readonly string[] = field.names
  const name = names.indexOf(text.toLowerCase())
  if (name >= 0) return name + field.least
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN
  return value >= field.least && value <= field.most ? value : undefined
}

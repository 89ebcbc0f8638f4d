/**
 * Whether one release of Fairlead comes after another: `1.10.0` after `1.9.3`, `1.0.0` after `1.0.0-rc.2`. A text that is no
 * release comes after none.
 * @see https://semver.org/#spec-item-11
 */
export function isNewerRelease(release: string, other: string): boolean {
  const [a, b] = [partsOf(release), partsOf(other)]
  if (a === undefined || b === undefined) return false
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  if (a.pre === b.pre) return false
  if (a.pre === '' || b.pre === '') return a.pre === ''
  return isLaterPreRelease(a.pre.split('.'), b.pre.split('.'))
}

const form = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/

function partsOf(release: string): { readonly numbers: readonly number[]; readonly pre: string } | undefined {
  const [, major, minor, patch, pre = ''] = form.exec(release) ?? []
  return major === undefined ? undefined : { numbers: [major, minor, patch].map(Number), pre }
}

function isLaterPreRelease(a: readonly string[], b: readonly string[]): boolean {
  for (const [index, part] of a.entries()) {
    const other = b[index]
    if (other === undefined) return true
    if (part === other) continue
    const [isNumber, isOtherNumber] = [/^\d+$/.test(part), /^\d+$/.test(other)]
    if (isNumber && isOtherNumber) return Number(part) > Number(other)
    return isNumber === isOtherNumber ? part > other : isOtherNumber
  }
  return false
}

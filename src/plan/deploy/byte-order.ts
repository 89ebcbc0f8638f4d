/** The order of Go's strings: by the bytes of UTF-8, which is the order of code points and not of UTF-16 units. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return orderOfUnit(left) - orderOfUnit(right)
  }
  return a.length - b.length
}

/** Surrogates stand for what lies above every other unit. */
function orderOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

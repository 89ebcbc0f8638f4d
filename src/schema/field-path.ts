/** `spec.loadBalancer.pools[0].name`; names that are no plain words in quotes. */
export function printFieldPath(path: readonly (string | number)[]): string {
  return path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`
      if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(segment)) return `[${JSON.stringify(segment.slice(0, 100))}]`
      return index === 0 ? segment : `.${segment}`
    })
    .join('')
}

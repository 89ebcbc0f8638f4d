/** Makes a forgotten variant of a union a compile error at the `default` of its switch. */
export function unreachable(value: never): never {
  throw new Error(`this case cannot happen: ${JSON.stringify(value)}`)
}

/** Whether a text holds an address with a user name or a password in it, like `https://user:…@host`. */
export function holdsCredentials(text: string): boolean {
  return credentials.test(text)
}

/** The same text with `********` for what stands before the `@` of an address. */
export function withoutCredentials(text: string): string {
  return text.replace(credentials, '://********@')
}

/** Up to the last `@`, because passwords may hold `/` and `@` where nobody escaped them. */
const credentials = /:\/\/\S*@/

const secretName = /(pass(word|wd|phrase)?|secret|token|credential|private-?key|api-?key)/i

/** Whether a field of this name, or a line that begins with it, may hold what nobody else should read. */
export function namesSecret(name: string): boolean {
  return secretName.test(name)
}

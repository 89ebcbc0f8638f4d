import { isSecretKey, secretMask } from '../../domain/k3s-config-reading.ts'

/** argv with the mask for what is secret: `--token=…`, `-t …`. */
export function withoutSecretArguments(args: readonly string[]): readonly string[] {
  return args.map((arg, index) => {
    const equals = arg.indexOf('=')
    if (equals > 0 && isSecretFlag(arg.slice(0, equals))) return `${arg.slice(0, equals)}=${secretMask}`
    return isSecretFlag(args[index - 1] ?? '') ? secretMask : arg
  })
}

/** Variables with the mask for what is secret. */
export function withoutSecretVariables(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      if (isSecretKey(name)) return [name, secretMask]
      // A proxy's address may carry a password.
      return [name, value.replace(/:\/\/[^/\s@]*@/g, `://${secretMask}@`)]
    }),
  )
}

function isSecretFlag(word: string): boolean {
  const name = /^--?([^-=\s].*)$/.exec(word)?.[1]
  return name !== undefined && isSecretKey(name)
}

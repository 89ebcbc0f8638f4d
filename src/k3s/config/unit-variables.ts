import { isSecretKey, secretMask } from '../../domain/k3s-config-reading.ts'
import type { Environment } from './environment-file.ts'
import type { LocatedWord } from './located-word.ts'

/**
 * The words of a command line with systemd's variables filled in: `${NAME}` anywhere in a word, `$NAME` as a word of its
 * own, which falls apart at blanks. `$$` is a dollar. A variable that is not set is nothing.
 * @see systemd.service(5), "Command lines"
 */
export function fillUnitVariables(words: readonly LocatedWord[], environment: Environment): readonly LocatedWord[] {
  const values = new Map(environment.map(({ name, value }) => [name, isSecretKey(name) ? secretMask : value]))
  return words.flatMap((word) => {
    const [, name] = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word.text) ?? []
    if (name !== undefined) {
      const texts = (values.get(name) ?? '').split(/\s+/).filter((text) => text !== '')
      return texts.map((text) => ({ ...word, text }))
    }
    const text = word.text.replace(/\$(\$|\{([A-Za-z_][A-Za-z0-9_]*)\})/g, (_whole, sign: string, inner?: string) =>
      inner === undefined ? sign : (values.get(inner) ?? ''),
    )
    return [{ ...word, text }]
  })
}

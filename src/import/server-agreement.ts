import { defaultTexts } from '../k3s/config/flag-defaults.ts'
import type { MachineFlags } from './found-flags.ts'
import { type ImportNote, namesOf } from './import-input.ts'

/** What the servers of a cluster say of a flag that has one value for all of them. */
export type Agreement =
  /** None of them says anything: K3s's default holds. */
  | { readonly kind: 'unwritten' }
  /** They say the same, or say nothing and mean the same by it. */
  | { readonly kind: 'agreed'; readonly texts: readonly string[]; readonly place: string }
  /** They say different things; the texts are those of the first. */
  | { readonly kind: 'differs'; readonly texts: readonly string[]; readonly said: string }

export function agreementOf(machines: readonly MachineFlags[], key: string): Agreement {
  const servers = machines.filter(({ role }) => role === 'server')
  const said = servers.map(({ name, settings, flags }) => {
    const found = flags.get(key)
    // A flag that was kept back is not taken for its default.
    const texts = found?.texts ?? (settings.has(key) ? undefined : defaultTexts(key, settings))
    return { name, found, texts }
  })
  const [first] = said
  const written = said.find(({ found }) => found !== undefined)
  if (first === undefined || written?.found === undefined) return { kind: 'unwritten' }
  const shown = (texts: readonly string[] | undefined): string =>
    texts === undefined || texts.length === 0 ? 'nothing' : texts.join(',')
  // The order of what is left out says nothing.
  const compared = (texts: readonly string[] | undefined): string =>
    JSON.stringify(key === 'disable' && texts !== undefined ? [...new Set(texts)].sort() : texts)
  if (said.every(({ texts }) => compared(texts) === compared(first.texts))) {
    const { file, line } = written.found.at.place
    return { kind: 'agreed', texts: written.found.texts, place: `${file}:${line}` }
  }
  const parts = said.map(({ name, texts }) => `${shown(texts)} on ${name}`)
  return { kind: 'differs', texts: first.texts ?? [], said: namesOf(parts) }
}

/** A flag that stays unsaid because the servers do not agree. */
export function disagreement(key: string, said: string): ImportNote {
  return {
    what: `${key} is ${said}`,
    why: 'every server must say the same; it is left out, and managed once it is mended and written here',
  }
}

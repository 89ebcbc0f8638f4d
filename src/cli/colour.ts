import { styleText } from 'node:util'

const styles = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const

/** One function a style; each leaves the text as it is where there is no colour. */
export type Colours = Readonly<Record<(typeof styles)[number], (text: string) => string>>

/** @param enabled what `Terminal.colour` says; the decision is made there, once */
export function colours(enabled: boolean): Colours {
  const entries = styles.map((style) => [
    style,
    (text: string) => (enabled ? styleText(style, text, { validateStream: false }) : text),
  ])
  return Object.fromEntries(entries)
}

import type { Colours } from './colour.ts'

export interface ExplainStyle {
  readonly colours: Colours
  readonly columns: number
}

/** Whether something holds: a rule may ask for what no simulation can know, such as how many packets came before. */
export type Certainty = 'yes' | 'no' | 'maybe'

export function opposite(certainty: Certainty): Certainty {
  if (certainty === 'maybe') return certainty
  return certainty === 'yes' ? 'no' : 'yes'
}

export function certain(holds: boolean): Certainty {
  return holds ? 'yes' : 'no'
}

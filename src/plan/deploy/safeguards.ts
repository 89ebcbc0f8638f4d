/** Where we may protect the user from what K3s does. `reproduce` is K3s' own behaviour. */
export interface Safeguards {
  /** An empty item in the `disable` list, which K3s takes for every file there is. */
  readonly emptyDisableItem: 'ignore' | 'reproduce'
  /** A link that leads nowhere, which keeps K3s from deploying anything at all. */
  readonly danglingLink: 'leave-out' | 'reproduce'
  /** A file set back to what was applied last, after an attempt that failed half-way; K3s takes it for unchanged. */
  readonly revertAfterFailure: 'apply' | 'reproduce'
}

/** What we do unless told otherwise. Name clashes are reproduced and told: no order of two files is the right one. */
export const protective: Safeguards = {
  emptyDisableItem: 'ignore',
  danglingLink: 'leave-out',
  revertAfterFailure: 'apply',
}

/** K3s to the letter, for comparison with it. */
export const faithful: Safeguards = {
  emptyDisableItem: 'reproduce',
  danglingLink: 'reproduce',
  revertAfterFailure: 'reproduce',
}

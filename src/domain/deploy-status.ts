/** What became of the manifests directory of a server, whoever applies it. */
export interface DeployStatus {
  /** Sorted by path; only files that are ours, and those that somebody has to look at. */
  readonly manifests: readonly ManifestStatus[]
  /** Where we kept K3s's behaviour from doing harm, or it may: one sentence each, sorted. */
  readonly warnings: readonly DeployWarning[]
}

export interface ManifestStatus {
  readonly path: string
  /** Name of its Addon in kube-system. */
  readonly addon: string
  readonly state: 'Applied' | 'Pending' | 'Failed' | 'Stuck' | 'Unknown'
  /** Empty when it is applied. For `Stuck`: what to do about it as well. */
  readonly message: string
}

export interface DeployWarning {
  readonly code:
    | 'EMPTY_DISABLE_ITEM'
    | 'DANGLING_LINK'
    | 'REVERT_AFTER_FAILURE'
    | 'ADDON_NAME_CLASH'
    | 'FORCED_BY_FAILURE'
    | 'CHART_FAILURE_POLICY'
  readonly path: string
  readonly message: string
}

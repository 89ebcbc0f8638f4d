/** What somebody did to a correct cluster. */
export interface Change {
  /** The name of the test. */
  readonly name: string
  /** Cluster of test/fixtures/clusters. */
  readonly on: string
  /** Below the cluster directory; network.yaml unless told. */
  readonly file?: string
  /** Text of the file and what stands there instead; the whole file where there is none yet. */
  readonly from?: string
  readonly to: string
}

/** One realistic slip, and where it must be found. */
export interface Mistake extends Change {
  /** The facts that the rules look at beside the documents; what the repository alone tells unless told. */
  readonly facts?: 'live'
  readonly code: string
  /** A piece of the line that the finding points to. */
  readonly at: string
  /** File of the finding, where it is another one. */
  readonly atFile?: string
  /** A piece of what it says or of what it proposes. */
  readonly says: string
  /** Codes that this mistake causes beside it. */
  readonly also?: readonly string[]
}

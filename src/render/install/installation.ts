/** What an installation is asked for; what is absent can be set later in the controller's ConfigMap. */
export interface Installation {
  /** Of Fairlead itself: `0.1.0`. */
  readonly version: string
  readonly image: string
  readonly gitUrl?: string
  readonly gitBranch?: string
  /** Directory below `clusters/`. */
  readonly cluster?: string
  /** Secret of our namespace whose `token` opens the repository. */
  readonly gitTokenSecret?: string
  /** `host:port` of the Kubernetes API as a server reaches its own. */
  readonly api: { readonly host: string; readonly port: number }
  /** Whether a DaemonSet keeps the agent installed on the hosts. */
  readonly nodeAgent: 'daemonset' | 'none'
}

/** K3s listens there on every server, whatever becomes of the network. */
export const ownApi = { host: '127.0.0.1', port: 6443 } as const

import type { K3sProcess } from '../domain/status.ts'

export interface K3sProcessPort {
  /** K3s is on this machine, whether it runs now or not: binary, unit or data directory. */
  isInstalled(): Promise<boolean>
  /** The K3s server process whose data directory lies below our root; undefined while none runs. */
  current(): Promise<K3sProcess | undefined>
}

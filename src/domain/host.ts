import type { ObservedFile } from './observation.ts'

/**
 * What a K3s machine says of itself, read without changing anything: from a root directory, and, where the machine is
 * this one and alive, from its kernel. What is absent could not be read there.
 */
export interface HostReading {
  /** When the reading was made. */
  readonly readAtMs?: number
  /** As the machine calls itself. */
  readonly hostName?: string
  /** The files that decide about K3s, by path as K3s sees it: configuration, drop-ins, units, manifests, flannel, CNI. */
  readonly files: ReadonlyMap<string, ObservedFile>
  /** Places that exist and could not be read, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[]
  /** Present when a K3s runs. */
  readonly process?: RunningK3s
  readonly network?: HostNetwork
  readonly firewall?: HostFirewall
  /** `5.15.0-91-generic`. */
  readonly kernelRelease?: string
  /** What `k3s --version` of the installed binary says: `v1.33.4+k3s1`. */
  readonly installedVersion?: string
  /** The installed binary: newer than the process means that K3s was upgraded and not restarted. */
  readonly installedBinary?: { readonly path: string; readonly modifiedAtMs: number }
  /** Commands that are installed, by name: `ipset`, `swanctl`, `wg`. */
  readonly commands?: readonly string[]
  readonly sysctls?: Readonly<Record<string, string>>
}

export interface RunningK3s {
  readonly pid: number
  /** argv, beginning with the binary; secret values are already masked. */
  readonly arguments: readonly string[]
  /** Names and values of `K3S_*` and proxy variables; secret values are already masked. */
  readonly environment: Readonly<Record<string, string>>
  readonly startedAtMs?: number
}

export interface HostNetwork {
  readonly interfaces: readonly HostInterface[]
  /** Default routes, the preferred one first. */
  readonly defaultRoutes: readonly {
    readonly family: 4 | 6
    readonly device: string
    readonly gateway?: string
    /** `ra` for a route that a router advertised. */
    readonly protocol?: string
  }[]
  /** Ports that somebody listens on. */
  readonly listeners?: readonly HostListener[]
}

export interface HostListener {
  readonly protocol: 'tcp' | 'udp'
  /** `0.0.0.0`, `::`, `127.0.0.1`. */
  readonly address: string
  readonly port: number
  /** Name of the program, `kernel` for a tunnel of the kernel's own; absent where it may not be known. */
  readonly program?: string
  readonly pid?: number
}

export interface HostInterface {
  readonly name: string
  readonly isUp: boolean
  readonly mtuBytes: number
  /** `vxlan`, `bridge`, `wireguard`, `veth`; absent for a plain device. */
  readonly type?: string
  /** With their prefix: `192.168.1.5/24`. */
  readonly addresses: readonly string[]
}

export interface HostFirewall {
  /** The version that `iptables --version` prints: `1.8.9`. */
  readonly iptablesVersion?: string
  readonly backend?: 'nft' | 'legacy'
  /** Rules of each backend that mention Kubernetes; both non-zero means that two of them fight. */
  readonly kubernetesRules?: { readonly nft: number; readonly legacy: number }
  /** Chain names of the filter and nat tables. */
  readonly chains?: readonly string[]
  readonly ipsets?: readonly string[]
  /** Other firewalls that are active: `firewalld`, `ufw`. */
  readonly managers?: readonly string[]
  /** `iptables-save` and `ip6tables-save` text of the backend in use. */
  readonly saved?: { readonly ipv4?: string; readonly ipv6?: string }
}

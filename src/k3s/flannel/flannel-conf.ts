/**
 * flannel's network configuration, as flannel understands it: defaults are filled in, keys that it does not read are
 * set aside. Made by `readFlannelConf` from a file, by `generatedFlannelConf` for what K3s writes itself.
 * @see flannel-io/flannel pkg/subnet/config.go, pkg/backend
 */
export interface FlannelConf {
  /** The IPv4 range, host bits cleared: `10.42.0.0/16`; absent where none is written. */
  readonly network?: string
  readonly ipv6Network?: string
  readonly enableIPv4: boolean
  readonly enableIPv6: boolean
  readonly backend: FlannelBackend
  /** Keys that flannel or K3s passes over: `SubnetLen`, `Backend.DirectRouting` of another backend than vxlan. */
  readonly unusedKeys: readonly string[]
}

export type FlannelBackend =
  | {
      readonly type: 'vxlan'
      readonly vni: number
      readonly port: number
      /** Of the link below; absent where flannel takes that of the interface. */
      readonly mtuBytes?: number
      readonly gbp: boolean
      readonly learning: boolean
      readonly directRouting: boolean
    }
  | { readonly type: 'host-gw' }
  | {
      readonly type: 'wireguard'
      readonly listenPort: number
      readonly listenPortV6: number
      /** `separate`, `auto`, `ipv4`, `ipv6`; every other text is an error when flannel starts. */
      readonly mode: string
      readonly mtuBytes?: number
      readonly persistentKeepaliveSeconds: number
    }
  | { readonly type: 'ipsec'; readonly udpEncap: boolean; readonly pskBytes: number }
  | { readonly type: 'extension' }
  /** A backend that is not compiled into K3s; `udp` where none is written. */
  | { readonly type: 'unknown'; readonly name: string }

/** VXLAN over UDP without a port in the configuration: Linux's own default, older than IANA's 4789. */
export const vxlanPort = 8472
export const vxlanVni = 1
/** Identifiers have 24 bits (RFC 7348 §5). */
export const highestVni = 16_777_215
export const wireguardPort = 51_820
export const wireguardPortV6 = 51_821
export const wireguardModes: readonly string[] = ['separate', 'auto', 'ipv4', 'ipv6']
/** K3s writes it; flannel itself takes 0, which is off. */
export const k3sKeepaliveSeconds = 25
/** flannel refuses a shorter pre-shared key for ipsec. */
export const ipsecPskBytes = 96

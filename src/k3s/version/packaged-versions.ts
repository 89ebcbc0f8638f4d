import type { K3sVersion } from './k3s-version.ts'
import { type ReleaseRow, shippedWith } from './release-table.ts'

/** `1.12.3`: the CoreDNS that a release of K3s deploys. */
export function corednsRelease(version: K3sVersion): string | undefined {
  return shippedWith(coredns, version)
}

/** `0.4.13`: the klipper-lb image of ServiceLB pods. */
export function klipperLbRelease(version: K3sVersion): string | undefined {
  return shippedWith(klipperLb, version)
}

/** `0.16.13`: the Helm controller inside K3s; a patch may be off by one where a bump landed late. */
export function helmControllerRelease(version: K3sVersion): string | undefined {
  return shippedWith(helmController, version)
}

/** @see k3s-io/k3s manifests/coredns.yaml; k3s-io/docs docs/release-notes; k3s-networking §7.2 */
const coredns: readonly ReleaseRow<string>[] = [
  { value: '1.6.3' },
  { value: '1.6.9', since: ['1.17.9', '1.18.6'] },
  { value: '1.8.0', since: ['1.20.0'] },
  { value: '1.8.3', since: ['1.21.0'] },
  { value: '1.9.1', since: ['1.22.8', '1.23.5'] },
  { value: '1.9.4', since: ['1.24.8', '1.25.4'] },
  { value: '1.10.1', since: ['1.24.13', '1.25.9', '1.26.4', '1.27.0'] },
  { value: '1.11.3', since: ['1.28.14', '1.29.9', '1.30.5', '1.31.1'] },
  { value: '1.12.0', since: ['1.29.12', '1.30.8', '1.31.4', '1.32.0'] },
  { value: '1.12.1', since: ['1.30.12', '1.31.8', '1.32.4', '1.33.0'] },
  { value: '1.12.3', since: ['1.31.12', '1.32.8', '1.33.4', '1.34.0'] },
  { value: '1.13.1', since: ['1.31.14', '1.32.10', '1.33.6', '1.34.2', '1.35.0'] },
  { value: '1.14.0', since: ['1.32.11+k3s3', '1.33.7+k3s3', '1.34.3+k3s3', '1.35.0+k3s3'] },
  { value: '1.14.1', since: ['1.32.12', '1.33.8', '1.34.4', '1.35.1'] },
  { value: '1.14.2', since: ['1.33.10', '1.34.6', '1.35.3'] },
  { value: '1.14.3', since: ['1.33.12', '1.34.8', '1.35.5', '1.36.1'] },
  { value: '1.14.4', since: ['1.33.13', '1.34.9', '1.35.6', '1.36.2'] },
  { value: '1.14.6', since: ['1.33.13+k3s2', '1.34.10', '1.35.7', '1.36.3'] },
  { value: '1.14.7', since: ['1.37.0'] },
]

/** @see k3s-io/k3s pkg/cloudprovider/servicelb.go; k3s-networking §5.6, months turned into the releases of that month */
const klipperLb: readonly ReleaseRow<string>[] = [
  { value: '0.1.2' },
  { value: '0.2.0', since: ['1.21.0'] },
  { value: '0.3.0', since: ['1.21.5', '1.22.2'] },
  { value: '0.4.0', since: ['1.23.14', '1.24.8', '1.25.4'] },
  { value: '0.4.3', since: ['1.24.13', '1.25.9', '1.26.4', '1.27.0'] },
  { value: '0.4.4', since: ['1.24.14', '1.25.10', '1.26.5', '1.27.2'] },
  { value: '0.4.5', since: ['1.26.13', '1.27.10', '1.28.6', '1.29.1'] },
  { value: '0.4.7', since: ['1.26.15', '1.27.12', '1.28.8', '1.29.3'] },
  { value: '0.4.9', since: ['1.27.16', '1.28.12', '1.29.7', '1.30.3'] },
  { value: '0.4.10', since: ['1.29.13', '1.30.9', '1.31.5', '1.32.1'] },
  { value: '0.4.13', since: ['1.29.15', '1.30.11', '1.31.7', '1.32.3'] },
  { value: '0.4.14', since: ['1.32.12', '1.33.8', '1.34.4', '1.35.1'] },
  { value: '0.4.17', since: ['1.33.12', '1.34.8', '1.35.5', '1.36.1'] },
]

/** @see k3s-io/k3s go.mod; k3s-io/docs docs/release-notes; k3s-packaged-components §3.1 */
const helmController: readonly ReleaseRow<string>[] = [
  { value: '0.4.1' },
  { value: '0.6.0', since: ['1.18.2'] },
  { value: '0.7.3', since: ['1.19.1'] },
  { value: '0.8.3', since: ['1.18.16', '1.19.8', '1.20.2'] },
  { value: '0.9.1', since: ['1.21.1'] },
  { value: '0.10.3', since: ['1.19.14', '1.20.10', '1.21.4'] },
  { value: '0.11.5', since: ['1.22.2'] },
  { value: '0.11.7', since: ['1.22.3'] },
  { value: '0.12.0', since: ['1.22.8', '1.23.5'] },
  { value: '0.12.1', since: ['1.22.9', '1.23.6'] },
  { value: '0.12.3', since: ['1.22.11', '1.23.8', '1.24.2'] },
  { value: '0.13.0', since: ['1.24.8', '1.25.4'] },
  { value: '0.13.1', since: ['1.24.9', '1.25.5', '1.26.0'] },
  { value: '0.13.3', since: ['1.24.13', '1.25.9', '1.26.4', '1.27.0'] },
  { value: '0.14.0', since: ['1.24.14', '1.25.10', '1.26.5', '1.27.2'] },
  { value: '0.15.0', since: ['1.24.15', '1.25.11', '1.26.6', '1.27.3'] },
  { value: '0.15.2', since: ['1.24.16', '1.25.12', '1.26.7', '1.27.4'] },
  { value: '0.15.4', since: ['1.24.17', '1.25.13', '1.26.8', '1.27.5', '1.28.1'] },
  { value: '0.15.8', since: ['1.26.14', '1.27.11', '1.28.7', '1.29.2'] },
  { value: '0.15.9', since: ['1.26.15', '1.27.12', '1.28.8', '1.29.3'] },
  { value: '0.16.1', since: ['1.30.0'] },
  { value: '0.16.3', since: ['1.31.0'] },
  { value: '0.16.4', since: ['1.31.1'] },
  { value: '0.16.5', since: ['1.30.6', '1.31.2', '1.32.0'] },
  { value: '0.16.6', since: ['1.30.10', '1.31.6', '1.32.2'] },
  { value: '0.16.10', since: ['1.30.12', '1.31.8', '1.32.4', '1.33.0'] },
  { value: '0.16.11', since: ['1.30.14', '1.31.10', '1.32.6', '1.33.2'] },
  { value: '0.16.13', since: ['1.30.14+k3s2', '1.31.11', '1.32.7', '1.33.3'] },
  { value: '0.16.16', since: ['1.31.14', '1.32.10', '1.33.6', '1.34.2'] },
  { value: '0.16.17', since: ['1.32.11', '1.33.7', '1.34.3', '1.35.0'] },
  { value: '0.17.1', since: ['1.33.11', '1.34.7', '1.35.4', '1.36.0'] },
  { value: '0.17.7', since: ['1.33.13+k3s2', '1.34.10', '1.35.7', '1.36.3'] },
  { value: '0.17.9', since: ['1.37.1'] },
]

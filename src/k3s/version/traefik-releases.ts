import type { K3sVersion } from './k3s-version.ts'
import type { ReleaseFloors } from './release-floors.ts'
import { type ReleaseRow, shippedWith } from './release-table.ts'

/** The Traefik that a release of K3s installs. */
export interface TraefikRelease {
  /** Upstream's number; K3s appends digits of its own: `39.0.501+up39.0.5`. Within one major the patch may be newer. */
  readonly chart: string
  readonly traefik: string
  /** What decides which values a chart reads: 1, 9, 10, 12, 19, 20, 21, 25, 27, 34, 37, 38, 39 or 40. */
  readonly chartMajor: number
}

export function traefikRelease(version: K3sVersion): TraefikRelease | undefined {
  const shipped = shippedWith(rows, version)
  if (shipped === undefined) return undefined
  const [chart, traefik] = shipped
  return { chart, traefik, chartMajor: Number.parseInt(chart, 10) }
}

type Row = ReleaseRow<readonly [chart: string, traefik: string]>

const row = (chart: string, traefik: string, since?: ReleaseFloors): Row => ({
  value: [chart, traefik],
  ...(since === undefined ? {} : { since }),
})

/**
 * Branches that were released on the same day carry the same Traefik. 1.32.2 stands in the rows of Traefik 2.11 so that
 * they leave 1.32.0 and 1.32.1 alone; the rows after them say what 1.32.2 has.
 * @see k3s-io/k3s manifests/traefik.yaml; k3s-io/docs docs/release-notes; k3s-networking §7.4, k3s-packaged-components
 *   §4.2
 */
const rows: readonly Row[] = [
  row('1.81.0', '1.7.19'),
  row('9.18.2', '2.4.8', ['1.21.0']),
  row('10.3.0', '2.5.0', ['1.21.4', '1.22.0']),
  row('10.9.1', '2.5.6', ['1.21.9', '1.22.6', '1.23.2']),
  row('10.14.1', '2.6.1', ['1.21.10', '1.22.7', '1.23.4']),
  row('10.19.3', '2.6.2', ['1.21.11', '1.22.8', '1.23.5']),
  row('12.0.0', '2.9.1', ['1.24.7', '1.25.3']),
  row('19.0.4', '2.9.4', ['1.24.8', '1.25.4']),
  row('20.3.1', '2.9.4', ['1.24.9', '1.25.5', '1.26.0']),
  row('21.2.1', '2.9.10', ['1.24.14', '1.25.10', '1.26.5', '1.27.2']),
  row('21.2.1', '2.10.5', ['1.25.15', '1.26.10', '1.27.7', '1.28.3']),
  row('25.0.0', '2.10.5', ['1.25.15+k3s2', '1.26.10+k3s2', '1.27.7+k3s2', '1.28.3+k3s2']),
  row('25.0.0', '2.10.7', ['1.27.13', '1.28.9', '1.29.4', '1.30.0']),
  row('25.0.0', '2.11.8', ['1.28.14', '1.29.9', '1.30.5', '1.31.1']),
  row('27.0.2', '2.11.10', ['1.28.15', '1.29.10', '1.30.6', '1.31.2']),
  row('27.0.2', '2.11.18', ['1.29.13', '1.30.9', '1.31.5', '1.32.1']),
  row('27.0.2', '2.11.20', ['1.29.14', '1.30.10', '1.31.6', '1.32.2']),
  row('27.0.2', '2.11.24', ['1.30.12', '1.31.8', '1.32.2']),
  row('34.2.0', '3.3.2', ['1.32.2']),
  row('34.2.0', '3.3.6', ['1.32.4', '1.33.0']),
  row('37.1.0', '3.5.1', ['1.32.10', '1.33.6', '1.34.2', '1.35.0']),
  row('38.0.2', '3.6.7', ['1.32.11+k3s3', '1.33.7+k3s3', '1.34.3+k3s3', '1.35.0+k3s3']),
  row('39.0.2', '3.6.9', ['1.32.13', '1.33.9', '1.34.5', '1.35.2']),
  row('39.0.5', '3.6.10', ['1.33.10', '1.34.6', '1.35.3']),
  row('39.0.7', '3.6.13', ['1.33.11', '1.34.7', '1.35.4', '1.36.0']),
  row('40.1.0', '3.7.4', ['1.33.13', '1.34.9', '1.35.6', '1.36.2']),
  row('40.1.4', '3.7.8', ['1.33.13+k3s2', '1.34.10', '1.35.7', '1.36.3']),
  row('40.1.4', '3.7.13', ['1.37.0']),
]

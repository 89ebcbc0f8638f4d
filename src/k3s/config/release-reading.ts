import type { NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { type ReleaseFloors, reaches } from '../version/release-floors.ts'
import { isDropIn } from './merge-config.ts'

/** @see k3s-io/k3s pkg/configfilearg/parser.go (`config.yaml.d` since 1.21.0) */
export const firstDropIns: ReleaseFloors = ['1.21.0']

/** What of a reading this release reads: before 1.21 K3s passes over its drop-ins. */
export function asReadBy(reading: NodeConfigReading, version: K3sVersion | undefined): NodeConfigReading {
  if (version === undefined || reaches(firstDropIns, version)) return reading
  return { ...reading, files: reading.files.filter((file) => !isDropIn(file.path)) }
}

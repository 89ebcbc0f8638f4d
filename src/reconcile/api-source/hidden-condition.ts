import type { Condition } from '../../domain/verdict.ts'
import { manifestName } from '../../k3s/locations.ts'
import type { Heard } from './heard.ts'

const mostNames = 20

/** @param markers files `<manifest>.skip` of ours, absolute; none once everything is shown */
export function hiddenCondition(markers: readonly string[], heard: Heard | undefined): Condition {
  const type = 'ManifestsHidden'
  if (markers.length === 0) {
    return { type, status: 'False', reason: 'Shown', message: 'K3s sees all manifests of Fairlead' }
  }
  const { reason, why } = whyHidden(heard)
  return { type, status: 'True', reason, message: `K3s does not look at ${namesOf(markers)}: ${why}` }
}

function whyHidden(heard: Heard | undefined): { readonly reason: string; readonly why: string } {
  switch (heard?.kind) {
    case undefined:
      return { reason: 'AwaitingAPI', why: 'they may be old, and the API has not answered since the agent started' }
    case 'answered':
      return { reason: 'AwaitingProgram', why: 'they may be old, and the API has no program yet that can be taken' }
    case 'taken':
    case 'refused':
      return { reason: 'AwaitingFiles', why: 'the files are not yet what the program says' }
    default:
      return heard satisfies never
  }
}

function namesOf(markers: readonly string[]): string {
  const names = markers.map((marker) => manifestName(marker)?.slice(0, -'.skip'.length) ?? marker)
  const rest = names.length - mostNames
  return `${names.slice(0, mostNames).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

import type { DeployedAddon, DeployWord } from '../../domain/deployed-objects.ts'
import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import { lastWords, toldEvent } from './addon-events.ts'
import { lastWrittenMs } from './deployed-at.ts'

/** @see k3s-io/k3s pkg/apis/k3s.cattle.io/v1/types.go */
export function deployedAddon(addon: Json): DeployedAddon | undefined {
  const metadata = asRecord(addon['metadata'])
  const spec = asRecord(addon['spec'])
  const [name, uid, resourceVersion] = [metadata['name'], metadata['uid'], metadata['resourceVersion']].map(textIn)
  if (name === undefined || uid === undefined || resourceVersion === undefined) return undefined
  return {
    name,
    uid,
    resourceVersion,
    source: textIn(spec['source']) ?? '',
    checksum: textIn(spec['checksum']) ?? '',
    writtenAtMs: lastWrittenMs(addon),
  }
}

/** @returns undefined for what is no Event about an Addon, or only announces something */
export function toldOfAddon(event: Json): ToldEvent | undefined {
  return toldEvent(event, 'k3s.cattle.io')
}

/** Of two words of one second, which nobody can put in order, the failure counts: what was applied after it shows in the Addon. */
export function wordsOf(told: readonly ToldEvent[]): readonly DeployWord[] {
  const failuresFirst = told.toSorted((a, b) => Number(isWarning(b.object)) - Number(isWarning(a.object)))
  return lastWords(failuresFirst).flatMap((event) => {
    const addon = textIn(asRecord(event['involvedObject'])['name'])
    if (addon === undefined) return []
    return {
      addon,
      isFailure: isWarning(event),
      reason: textIn(event['reason']) ?? '',
      message: textIn(event['message']) ?? '',
      atMs: Date.parse(textIn(event['lastTimestamp']) ?? '') || 0,
    }
  })
}

type ToldEvent = NonNullable<ReturnType<typeof toldEvent>>

function isWarning(event: Json): boolean {
  return event['type'] === 'Warning'
}

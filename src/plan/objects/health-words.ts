import type { KubernetesObject } from '../../domain/facts.ts'

/** How far an object is on its way to what its spec says, in the words of kstatus. */
export interface ObjectHealth {
  readonly state: 'Current' | 'InProgress' | 'Failed' | 'Terminating'
  /** One sentence; empty when it is current. */
  readonly message: string
}

/** A condition as it stands in a status; a part that is missing is empty. */
export interface HealthCondition {
  readonly type: string
  readonly value: string
  readonly reason: string
  readonly message: string
}

export type HealthRule = (live: KubernetesObject, conditions: readonly HealthCondition[]) => ObjectHealth

export const current: ObjectHealth = { state: 'Current', message: '' }

export function inProgress(message: string): ObjectHealth {
  return { state: 'InProgress', message }
}

export function failed(message: string): ObjectHealth {
  return { state: 'Failed', message }
}

export function told({ type, reason, message }: HealthCondition): string {
  return [type, reason, message].filter((part) => part !== '').join(': ')
}

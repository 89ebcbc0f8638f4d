import type { ManifestStatus } from '../../domain/deploy-status.ts'

/** How far one thing has come. The message is empty where it is applied. */
export type DeployedState = Pick<ManifestStatus, 'state' | 'message'>

export const applied: DeployedState = { state: 'Applied', message: '' }

export function pending(message: string): DeployedState {
  return { state: 'Pending', message }
}

export function failed(message: string): DeployedState {
  return { state: 'Failed', message }
}

/** @param wayOut what to do about it: nothing moves on by itself */
export function stuck(message: string, wayOut: string): DeployedState {
  return { state: 'Stuck', message: `${message}; ${wayOut}` }
}

/** @param why nobody can tell */
export function unknown(why: string): DeployedState {
  return { state: 'Unknown', message: why }
}

/** What needs a person most comes first. */
const gravity = ['Applied', 'Pending', 'Unknown', 'Failed', 'Stuck'] as const

/** Of several things in one file: it is as far as the least of them. */
export function worst(states: readonly DeployedState[]): DeployedState {
  return states.reduce((a, b) => (gravity.indexOf(b.state) > gravity.indexOf(a.state) ? b : a), applied)
}

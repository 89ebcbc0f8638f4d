import type { InverseStep } from '../../../src/domain/inverse.ts'
import type { CheckpointPort } from '../../../src/ports/checkpoint-port.ts'

type Plan = Parameters<CheckpointPort['arm']>[0]

/** A change whose way back writes `old` over the file at `path`. */
export function sampleChange(path: string, changes: Partial<Plan> = {}): Plan {
  return {
    program: 'sha256:aa',
    revision: 'main@sha1:01',
    confirmTimeoutMs: 30_000,
    required: [],
    changes: ['deny everything'],
    isManual: false,
    inverse: [writeOld(path)],
    ...changes,
  }
}

export function writeOld(path: string): InverseStep {
  return { kind: 'write', path, text: 'old' }
}

/** Resolves once `isTrue`, rejects when it is not within `withinMs`. @returns how long it took */
export async function eventually(isTrue: () => boolean | Promise<boolean>, withinMs: number): Promise<number> {
  const began = performance.now()
  while (performance.now() - began < withinMs) {
    if (await isTrue()) return performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`not within ${withinMs} ms`)
}

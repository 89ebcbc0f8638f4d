import { isRecord } from '../domain/plain-json.ts'
import type { LocatedLine } from '../domain/problem.ts'
import type { YamlDocument } from '../text/yaml-source.ts'
import type { DocumentPath } from './documents.ts'

/** One file of an `extends` chain. */
export interface Layer {
  readonly document: YamlDocument
}

/** Several documents read as one, each value still knowing which of them it came from. */
export interface LayeredDocument {
  readonly value: unknown
  place(path: DocumentPath): LocatedLine
  keyPlace(path: DocumentPath): LocatedLine
}

/**
 * Objects are merged, everything else is replaced.
 * @param layers the document itself first, then what it extends, nearest first; at least one
 */
export function layerDocuments(layers: readonly [Layer, ...Layer[]]): LayeredDocument {
  return {
    value: layers.map((layer) => layer.document.value).reduceRight((base, over) => mergeValues(base, over)),
    place: (path) => supplier(layers, path).document.place(path),
    keyPlace: (path) => supplier(layers, path).document.keyPlace(path),
  }
}

export function mergeValues(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(over)) {
    merged[key] = Object.hasOwn(base, key) ? mergeValues(base[key], value) : value
  }
  return merged
}

/** The layer whose text became the value at a path, or the nearest written parent of it. */
function supplier(layers: readonly [Layer, ...Layer[]], path: DocumentPath): Layer {
  let candidates = visible(layers.map((layer) => ({ layer, value: layer.document.value })))
  for (const segment of path) {
    const next = visible(
      candidates.flatMap(({ layer, value }) =>
        hasEntry(value, segment) ? [{ layer, value: value[segment] as unknown }] : [],
      ),
    )
    if (next.length === 0) break
    candidates = next
  }
  return candidates[0]?.layer ?? layers[0]
}

interface Candidate {
  readonly layer: Layer
  readonly value: unknown
}

/** Objects show what lies beneath them; the first value that is none hides it. */
function visible(candidates: readonly Candidate[]): readonly Candidate[] {
  const end = candidates.findIndex((candidate) => !isRecord(candidate.value))
  return end < 0 ? candidates : candidates.slice(0, Math.max(end, 1))
}

function hasEntry(value: unknown, key: string | number): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
}

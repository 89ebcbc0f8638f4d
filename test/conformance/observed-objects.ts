import { asRecord, type Json, textIn } from '../../src/domain/plain-json.ts'

export function isOfScenario({ metadata }: Json): boolean {
  return /^s\d/.test(String(asRecord(metadata)['name']))
}

/** As the recordings hold it. */
export function observedConfigMap({ metadata, data }: Json): Json {
  const { namespace, name, labels, annotations } = asRecord(metadata)
  return {
    ns: namespace,
    name,
    labels,
    // What it holds depends on the encoder.
    annotations: { ...asRecord(annotations), 'objectset.rio.cattle.io/applied': '<gzip+base64>' },
    data: data ?? null,
  }
}

export function observedAddon({ metadata, spec }: Json): Json {
  const { name, annotations } = asRecord(metadata)
  return { name, annotations: asRecord(annotations), spec }
}

export function observedChart({ metadata, spec }: Json): Json {
  return {
    name: asRecord(metadata)['name'],
    ns: asRecord(metadata)['namespace'],
    chart: asRecord(spec)['chart'],
    values: asRecord(spec)['valuesContent'] ?? null,
  }
}

/** `ConfigMap default/a`. */
export function liveObject(op: Json): [string, string] {
  const [kind = '', name = ''] = (textIn(op['object']) ?? '').split(' ')
  return [kind, name.slice(name.indexOf('/') + 1)]
}

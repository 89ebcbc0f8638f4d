import { readYamlMap } from '../../text/yaml-read.ts'
import { asRecord, textAt, valueAt } from '../flannel/json-object.ts'

/**
 * Values of a HelmChart or HelmChartConfig: the text of `valuesContent`, and above it, where the release knows it, the
 * mapping `values`. Only the first level is laid over each other; that is what the checks here ask for.
 * @returns empty for text that is no YAML mapping, which is another rule's finding
 */
export function chartValues(object: unknown): Readonly<Record<string, unknown>> {
  const content = textAt(object, 'spec', 'valuesContent')
  const values = asRecord(valueAt(object, 'spec', 'values')) ?? {}
  return { ...(content === undefined ? {} : readYamlMap(content)), ...values }
}

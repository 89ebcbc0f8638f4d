import { hasErrors } from '../../domain/problem.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import { documentOptions, readYaml, type YamlOptions } from '../../text/yaml-source.ts'

/** The value of an annotation that holds JSON or YAML; the error says in words that it is neither. */
export function readAnnotation(text: string): Result<unknown, string> {
  const { documents, problems } = readYaml('annotation', text, annotationOptions)
  return hasErrors(problems) ? refusal('it is neither JSON nor YAML') : success(documents[0]?.value ?? null)
}

const annotationOptions: YamlOptions = {
  ...documentOptions,
  maxBytes: 256 * 1024,
  maxDocuments: 100,
  refuseAmbiguous: false,
  duplicateKeys: 'warning',
}

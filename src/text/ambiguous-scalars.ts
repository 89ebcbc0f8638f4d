/**
 * What Kubernetes' YAML reader makes of a plain scalar that YAML 1.2 reads as something else; undefined when both agree.
 * @see kubernetes-sigs/yaml goyaml.v2/resolve.go (YAML 1.1 words and number forms)
 */
export function otherReading(source: string): string | undefined {
  if (/^(y|yes|on)$/i.test(source) && isWordForm(source)) return 'true'
  if (/^(n|no|off)$/i.test(source) && isWordForm(source)) return 'false'
  if (/^[-+]?0[0-7_]*[0-7]$/.test(source) && !/^[-+]?0$/.test(source)) return 'an octal number'
  if (/^[-+]?0b[01_]+$/.test(source)) return 'a binary number'
  if (/^[-+]?(0[xo][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)$/.test(source) && source.includes('_')) {
    return 'a number without the underscores'
  }
  return undefined
}

/** `yes`, `Yes` and `YES` are words of YAML 1.1; `yEs` is not. */
function isWordForm(source: string): boolean {
  const lower = source.toLowerCase()
  return source === lower || source === source.toUpperCase() || source === `${lower[0]?.toUpperCase()}${lower.slice(1)}`
}

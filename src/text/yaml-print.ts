import { Document, isScalar, Scalar, visit } from 'yaml'

/**
 * YAML with the same bytes for the same value: keys sorted, strings quoted, no folding, multi-line strings as literal
 * blocks. Quoting every string keeps YAML 1.1 readers (K3s's among them) from seeing `no`, `1e3` or `10:30` as
 * something else.
 */
export function toYaml(value: unknown, comment?: string): string {
  const document = new Document(value, { sortMapEntries: true, aliasDuplicateObjects: false })
  visit(document, {
    Pair(_key, pair) {
      if (isScalar(pair.key) && isPlainKey(String(pair.key.value))) pair.key.type = Scalar.PLAIN
    },
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return
      node.type = node.value.includes('\n') ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE
    },
  })
  if (comment !== undefined) document.commentBefore = comment
  return document.toString({ lineWidth: 0, defaultKeyType: null, defaultStringType: 'QUOTE_DOUBLE' })
}

/** Keys that no YAML version reads as anything but themselves stay readable. */
function isPlainKey(key: string): boolean {
  return /^[A-Za-z][A-Za-z0-9._/-]*$/.test(key) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(key)
}

/** A piece of a router rule that Traefik v3 does not take, or takes for something else. */
export interface OldRulePart {
  /** What is old about it, without the rule itself. */
  readonly what: string
  readonly instead: string
}

const renamed: readonly { readonly pattern: RegExp; readonly what: string; readonly instead: string }[] = [
  { pattern: /\bHeadersRegexp\s*\(/, what: 'HeadersRegexp', instead: 'HeaderRegexp' },
  { pattern: /\bHeaders\s*\(/, what: 'Headers', instead: 'Header' },
  { pattern: /\bHostHeader\s*\(/, what: 'HostHeader', instead: 'Host' },
  {
    pattern: /\bQuery\s*\(\s*[`"'][^`"']*=/,
    what: 'Query with key=value in one text',
    instead: 'Query(`key`, `value`)',
  },
  {
    pattern: /\bHostRegexp\s*\([^)]*\{[A-Za-z_]\w*(:|\})/,
    what: 'HostRegexp with a named {name:expression}',
    instead: 'HostRegexp with a Go regular expression',
  },
  {
    pattern: /\b(Path|PathPrefix)\s*\([^)]*\{[A-Za-z_]\w*(:|\})/,
    what: 'a named {name:expression} in a path',
    instead: 'PathRegexp',
  },
  {
    pattern: /\b(Host|HostRegexp|HostSNI|Path|PathPrefix|Method|ClientIP)\s*\(\s*[`"'][^`"']*[`"']\s*,/,
    what: 'several values in one matcher',
    instead: 'one matcher for each, joined with ||',
  },
]

/**
 * What only Traefik v2 understands in a router rule.
 * @see traefik/traefik docs/content/migrate/v2-to-v3-details.md
 */
export function oldRuleParts(rule: string): OldRulePart[] {
  return renamed.flatMap(({ pattern, what, instead }) => (pattern.test(rule) ? [{ what, instead }] : []))
}

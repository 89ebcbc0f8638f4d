import type { ErrorCode } from 'yaml'

interface SyntaxMessage {
  readonly what: string
  readonly fix: string
}

/** What is wrong with the text, in our words; one entry for each code of the parser. */
const syntaxMessages: Readonly<Record<ErrorCode, SyntaxMessage>> = {
  ALIAS_PROPS: { what: 'an alias carries a tag or an anchor', fix: 'write the alias (*name) alone' },
  BAD_ALIAS: { what: 'an anchor or alias has no usable name', fix: 'name it with letters and digits: &name, *name' },
  BAD_COLLECTION_TYPE: { what: 'the tag does not fit the value', fix: 'leave the tag (!...) out' },
  BAD_DIRECTIVE: { what: 'a line begins with %', fix: 'leave the directive out, or quote the text' },
  BAD_DQ_ESCAPE: {
    what: 'an escape in double quotes is unknown',
    fix: 'write \\\\ for a backslash, or use single quotes',
  },
  BAD_INDENT: {
    what: 'the indentation does not fit the lines around it, or a bracket is not closed',
    fix: 'start the line where its siblings start; close every [ and {',
  },
  BAD_PROP_ORDER: { what: 'an anchor or tag stands before its indicator', fix: 'put it after the "-", "?" or ":"' },
  BAD_SCALAR_START: { what: 'a value begins with a reserved character', fix: 'put the value in quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    what: 'two "key:" stand on one line',
    fix: 'put the inner one on its own line, or quote the value',
  },
  BLOCK_IN_FLOW: {
    what: 'an indented block stands inside [ ] or { }',
    fix: 'close the bracket, or write the block in brackets too',
  },
  DUPLICATE_KEY: { what: 'a key is written twice', fix: 'keep one of them' },
  IMPOSSIBLE: { what: 'the text cannot be understood here', fix: 'check indentation and quotes around this place' },
  KEY_OVER_1024_CHARS: { what: 'a key is longer than 1024 characters', fix: 'check for a missing line break or quote' },
  MISSING_CHAR: {
    what: 'a character is missing',
    fix: 'check for a ":" after the key, a closing quote or bracket, or a space',
  },
  MULTILINE_IMPLICIT_KEY: { what: 'a key runs over several lines', fix: 'check for a missing ":" on the line before' },
  MULTIPLE_ANCHORS: { what: 'a value has two anchors', fix: 'keep one &name' },
  MULTIPLE_DOCS: { what: 'there is more than one document', fix: 'keep one document a file' },
  MULTIPLE_TAGS: { what: 'a value has two tags', fix: 'leave the tags out' },
  NON_STRING_KEY: { what: 'a key is no text', fix: 'put the key in quotes' },
  RESOURCE_EXHAUSTION: { what: 'the text is nested too deeply', fix: 'write it flatter' },
  TAB_AS_INDENT: { what: 'a tab is used as indentation', fix: 'indent with spaces' },
  TAG_RESOLVE_FAILED: { what: 'a tag (!...) is unknown or does not fit its value', fix: 'leave the tag out' },
  UNEXPECTED_TOKEN: {
    what: 'something stands here that does not belong',
    fix: 'check brackets, quotes and indentation around this place',
  },
}

export function syntaxMessage(code: ErrorCode): SyntaxMessage {
  return syntaxMessages[code]
}

/**
 * A NodeProgram in pieces: put one after the other they are its JSON text, byte for byte. A text is not a tree: the API server
 * sorts the fields of what it keeps, and the digest of a program is over its own order.
 */
export interface PackedProgram {
  readonly pieces: readonly ProgramPiece[]
}

/** Contents are named by their digests (SHA-256, hex); their data is text as well, and never looked into for references. */
export type ProgramPiece =
  | string
  | { readonly contents: readonly string[] }
  /** A list of peers for all nodes: the node's own entry is taken out of it. */
  | { readonly peers: readonly string[] }

/** In bytes of UTF-8. */
export const packedLimits = {
  /** A part of a program above this is a content of its own, and all that is left of the program is no longer. */
  inline: 32 * 1024,
  /** Of one content. JSON as Go writes it turns one byte into six at worst: such an object stays below 1 MiB. */
  content: 128 * 1024,
  /** Of a program that is put together again. */
  program: 48 * 1024 * 1024,
  /** References in one program: as many as its length can need, and no more. */
  references: 1024,
} as const

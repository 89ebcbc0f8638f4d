import type { CommandSpec } from '../command.ts'
import { output } from './verb-parts.ts'

/**
 * Verbs about Fairlead itself.
 * @param all what a shell is to complete
 */
export const toolVerbs = (all: () => readonly CommandSpec[]): readonly CommandSpec[] => [
  {
    name: 'version',
    summary: 'which Fairlead this is, and on which Node it runs',
    settings: [],
    options: [output(['json', 'yaml'])],
    load: async () => (await import('../version.ts')).versionCommand,
  },
  {
    name: 'completion',
    summary: 'a completion script for bash, zsh or fish',
    words: '<shell>',
    settings: [],
    notes: 'Example: source <(fairlead completion bash)',
    load: async () => (await import('../completion.ts')).completionCommand(all()),
  },
]

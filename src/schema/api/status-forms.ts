import * as z from 'zod'
import { longestText, longestWord, mostConditions, mostListed } from './status-limits.ts'

const status = z.enum(['True', 'False', 'Unknown']).describe('Whether it is so.')
const lastTransitionTime = z
  .string()
  .meta({ format: 'date-time' })
  .describe('When status changed last; nothing else moves it.')
const asMap = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }

const conditions = z
  .array(
    z.object({
      type: z.string().describe('What it is about, in CamelCase.'),
      status,
      reason: z.string().describe('Why, in one CamelCase word.'),
      message: z.string().describe('Why, in a sentence.'),
      lastTransitionTime,
    }),
  )
  .meta(asMap)

const word = z.string().max(longestWord)
const text = z.string().max(longestText)

const nodeConditions = z
  .array(
    z.object({
      type: word.describe('What it is about, in CamelCase.'),
      status,
      reason: word.describe('Why, in one CamelCase word.'),
      message: text.describe('Why, in a sentence.'),
      lastTransitionTime,
    }),
  )
  .max(mostConditions)
  .meta(asMap)

/** Words, and not a list of them: a server with an older definition must not turn away what a newer release says. */
const verdict = word.describe('settled, pending, blocked, failed or unknown.')

/** `status` of a NodeProgram. No field is asked for: agents of other releases write here as well. */
export const nodeProgramStatusForm = z
  .object({
    observedSequence: z.int().describe('spec.sequence that the agent looked at last.'),
    appliedProgram: word.describe('Digest of the program whose files are in place; empty before the first.'),
    appliedRevision: text.describe('Revision that it came with; empty before the first.'),
    verdict,
    reason: word.describe('Why, in one CamelCase word.'),
    message: text.describe('Why, in a sentence.'),
    awaitingPermit: z
      .object({
        program: word.describe('Digest of the program that would be begun.'),
        changes: z.array(text).max(mostListed).describe('What of it interrupts something, one line each.'),
      })
      .describe('A risky change that waits for leave to begin.'),
    conditions: nodeConditions.describe('Ready, Reconciling and Stalled as kubectl wait and kstatus read them.'),
    agentVersion: word.describe('Release of the agent.'),
    formats: z.array(z.int()).max(mostListed).describe('Forms of programs that it takes.'),
    k3sVersion: word.describe('Release of the K3s that runs; absent where none does.'),
  })
  .partial()
  .describe("What the node's agent says. Only the agent of this node may write it.")

const count = z.int().min(0)

/** `status` of a ClusterNetwork. */
export const clusterNetworkStatusForm = z
  .object({
    observedRevision: z.string().describe('The revision that is published; empty before the first.'),
    attemptedRevision: z.string().describe('The newest revision that was seen, refused or not.'),
    conditions: conditions.describe(
      'Ready, Reconciling and Stalled as kubectl wait and kstatus read them, Adopted, LabelsApplied and RolloutProgressing.',
    ),
    nodes: z
      .object({
        total: count.describe('All nodes.'),
        current: count.describe('Their agent says that the published program is in force.'),
        waiting: count.describe('They are on their way, or wait for a permit.'),
        failed: count.describe('Their agent could not.'),
        silent: count.describe('No agent ever answered for them.'),
      })
      .partial()
      .describe('How far the revision has come.'),
    plan: z
      .object({
        changes: count.describe('How many.'),
        summary: z.array(z.string()).describe('In words, at most twenty lines.'),
      })
      .partial()
      .describe('What the last revision changed.'),
    inventory: z.array(z.string()).describe('Objects of others on which labels are held.'),
    history: z
      .array(
        z.object({
          revision: z.string().describe('The revision.'),
          author: z.string().describe('Who wrote the commit.'),
          subject: z.string().describe('First line of its message.'),
          verdict,
          message: z.string().describe('Why, in a sentence.'),
          at: z.string().meta({ format: 'date-time' }).describe('When.'),
        }),
      )
      .describe('The last five revisions, newest first.'),
  })
  .partial()
  .describe('What the controller did.')

import type { Problem } from '../../domain/problem.ts'

/** Why an agent does not take a program that its controller published. The last good one stays in force with each. */
const catalogue = {
  PROGRAM_FORMAT_UNKNOWN: {
    why: 'what a newer controller means by it cannot be guessed',
    fix: 'update Fairlead on this node to the release of the controller',
  },
  PROGRAM_INVALID: {
    why: 'an agent carries out only programs that are whole and checked',
    fix: 'look at who writes NodePrograms beside the controller: kubectl get nodeprogram -o yaml --show-managed-fields',
  },
  PROGRAM_OTHER_NODE: {
    why: 'the program of another node would cut this one off',
    fix: 'look at who copied it here; the controller writes each program anew once it is deleted',
  },
  PROGRAM_OTHER_CLUSTER: {
    why: 'a node that changes its cluster by itself leaves the one that it serves',
    fix: 'if the cluster was built anew on purpose, stop the agent, remove controller.json from its state directory, and start it',
  },
  PROGRAM_KEY_CHANGED: {
    why: 'who has the right to write the object, but not the key, must not govern the node',
    fix: 'if the key was changed on purpose, add the new one to --controller-key-file, or stop the agent, remove controller.json from its state directory, and start it',
  },
  PROGRAM_UNSIGNED: {
    why: 'somebody changed it on the way, or wrote it without the key of the controller',
    fix: 'look at who writes NodePrograms beside the controller: kubectl get nodeprogram -o yaml --show-managed-fields',
  },
  PROGRAM_REPLAYED: {
    why: 'an old program that is played back would bring back what was taken away since',
    fix: 'nothing is to be done: the controller reads this and issues the program anew; only where its clock was set back, stop the agent, remove controller.json from its state directory, and start it',
  },
} as const satisfies Readonly<Record<string, { readonly why: string; readonly fix: string }>>

export type ProgramObjection = keyof typeof catalogue

/** @param object for people: `NodeProgram fairlead-system/pi-2` */
export function programProblem(code: ProgramObjection, what: string, object: string): Problem {
  return { code, severity: 'error', place: { file: object, line: 1, column: 1 }, what, ...catalogue[code] }
}

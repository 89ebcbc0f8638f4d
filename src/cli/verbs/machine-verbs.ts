import type { CommandSpec } from '../command.ts'
import { detailedExitCode, git, listener, logs, loop, machine, output, repository, wait } from './verb-parts.ts'

/** Verbs about this machine: taking it over, keeping it, and what is known of it. */
export const machineVerbs: readonly CommandSpec[] = [
  {
    name: 'bootstrap',
    summary: 'prepare this machine for K3s: flags, flannel options and manifests of a node in the inventory',
    words: '<node>',
    settings: [...repository, 'root', 'ageKeyFile', ...git],
    options: [{ flag: '--dry-run', help: 'list what would be written and write nothing' }],
    notes: 'Run it before K3s is installed. Example: fairlead bootstrap pi-1 --repo my-network --cluster home',
    load: async () => (await import('../bootstrap.ts')).bootstrapCommand,
  },
  {
    name: 'adopt',
    summary: 'show what Fairlead would take over on this machine, or in the Kubernetes API, and let it',
    settings: [...repository, ...machine, 'kubeconfig', 'kubeContext', ...git],
    options: [
      { flag: '-y, --yes', help: 'do not ask' },
      { flag: '--cluster-side', help: 'labels of nodes and Services in the cluster of --kubeconfig, and nothing here' },
    ],
    load: async () => (await import('../adopt.ts')).adoptCommand,
  },
  {
    name: 'apply',
    summary: 'bring this machine to where a checkout wants it, once',
    settings: [...repository, ...machine, 'confirmTimeout', ...git],
    options: [
      { flag: '--once', help: 'needed: fairlead run does it for good' },
      { flag: '--place-flags', help: "put K3s's flags into place although it runs; it reads them when it restarts" },
      { ...wait, help: 'how long to wait for removals, and for a risky change to be confirmed (default: 60s)' },
    ],
    load: async () => (await import('../apply.ts')).applyCommand,
  },
  {
    name: 'run',
    summary: 'keep this machine as the repository says: controller and agent in one process',
    settings: [
      ...git,
      'cluster',
      ...machine,
      'kubeconfig',
      'kubeContext',
      'confirmTimeout',
      ...loop,
      ...listener,
      ...logs,
    ],
    load: async () => (await import('../run.ts')).runCommand,
  },
  {
    name: 'demo',
    summary: 'everything on this machine: a Git server, a K3s-shaped tree, the loop and the status page',
    settings: ['listen', 'interval', ...logs],
    options: [{ flag: '--dir <dir>', help: 'data directory, made when missing (default: fairlead-demo)' }],
    load: async () => (await import('../demo.ts')).demoCommand,
  },
  {
    name: 'status',
    summary: 'what Fairlead last told about this machine',
    settings: ['root'],
    options: [output(['json', 'yaml', 'wide'])],
    load: async () => (await import('../status.ts')).statusCommand,
  },
  {
    name: 'drift',
    summary: 'what differs now from the program in force, and the edits that repairs overwrote',
    settings: ['root', 'engine', 'kernel', 'ageKeyFile'],
    options: [
      output(['json', 'yaml', 'wide']),
      { flag: '--diff <digest>', help: 'show one lost edit' },
      { ...detailedExitCode, help: 'end with 2 when there is drift' },
    ],
    load: async () => (await import('../drift.ts')).driftCommand,
  },
  {
    name: 'history',
    summary: 'the last passes that changed something or ended otherwise than the one before, newest first',
    settings: ['root'],
    options: [output(['json', 'yaml', 'wide'])],
    load: async () => (await import('../history.ts')).historyCommand,
  },
  {
    name: 'events',
    summary: 'what the last passes did, one line each, newest last',
    settings: ['root'],
    options: [output(['json', 'yaml', 'wide'])],
    load: async () => (await import('../events.ts')).eventsCommand,
  },
  {
    name: 'suspend',
    summary: 'stop comparing and repairing on this machine',
    settings: ['root'],
    options: [{ flag: '--reason <text>', help: 'kept with it, for whoever finds it' }],
    load: async () => (await import('../suspend.ts')).suspendCommand,
  },
  {
    name: 'resume',
    summary: 'go on after a suspension',
    settings: ['root'],
    load: async () => (await import('../resume.ts')).resumeCommand,
  },
  {
    name: 'reconcile',
    summary: 'ask the Fairlead that runs here for a pass now, and wait for it',
    settings: ['root'],
    options: [wait, { flag: '--no-wait', help: 'only ask' }],
    load: async () => (await import('../reconcile.ts')).reconcileCommand,
  },
]

import type { SettingKey } from '../settings.ts'
import type { CommandSpec } from './command.ts'

const repository = ['repo', 'cluster'] as const satisfies readonly SettingKey[]
const machine = ['root', 'node', 'role', 'engine', 'kernel', 'ageKeyFile'] as const satisfies readonly SettingKey[]
const git = [
  'gitUrl',
  'gitBranch',
  'gitTag',
  'gitCommit',
  'gitTokenFile',
  'gitUsernameFile',
  'gitPasswordFile',
  'gitCaFile',
  'gitSshKeyFile',
  'gitKnownHostsFile',
  'gitTimeout',
] as const satisfies readonly SettingKey[]
const listener = [
  'listen',
  'tlsCertFile',
  'tlsKeyFile',
  'insecureHttp',
  'tokenFile',
  'webhookSecretFile',
] as const satisfies readonly SettingKey[]
const logs = ['logLevel', 'logFormat'] as const satisfies readonly SettingKey[]
const loop = ['interval', 'resync', 'timeZone'] as const satisfies readonly SettingKey[]

const output = (choices: readonly string[]) => ({
  flag: '-o, --output <format>',
  help: `one of ${choices.join(', ')}`,
  choices,
})

const detailedExitCode = { flag: '--detailed-exitcode', help: 'end with 2 when something would change' }
const capture = { flag: '--capture <file>', help: 'captured facts and observations instead of this machine' }
const base = {
  flag: '--base <revision>',
  help: 'what the checkout changes about a Git revision, instead of this machine',
}
const wait = { flag: '--timeout <duration>', help: 'how long to wait (default: 60s)' }

/** Every verb; each is one file, loaded when it is called. */
export const commands: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'begin a configuration repository from the template',
    words: '[dir]',
    settings: [],
    options: [{ flag: '--dry-run', help: 'list the files and write none' }],
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    name: 'import',
    summary: 'documents of a cluster that exists: from machines, from its API, or from both',
    words: '[dir]',
    settings: ['node', 'kubeconfig', 'kubeContext'],
    options: [
      { flag: '--host-root <dirs>', help: 'root of a machine; several with commas, and their names in --node' },
      { ...capture, help: 'a captured cluster instead' },
      { flag: '--cloud-init <file>', help: 'a #cloud-config that installs K3s instead' },
      { flag: '--name <cluster>', help: 'directory below clusters/ (default: that of the capture, or home)' },
      { flag: '--k3s-version <release>', help: 'where neither a machine nor the API shows it' },
      { flag: '--dry-run', help: 'print the files and write none' },
    ],
    notes: `Examples:
  fairlead import --host-root / my-network
  fairlead import --host-root /mnt/pi-1,/mnt/pi-2 --node pi-1,pi-2 my-network
  fairlead import --kubeconfig ~/.kube/config my-network
What it writes plans to nothing on the same machines. Ends with 3 where the cluster itself has errors: the files are
written, and no plan is made before they are mended.`,
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    name: 'capture',
    summary:
      'facts and files of this machine and its cluster, for plans made elsewhere; what looks like a secret is left out',
    settings: ['cluster', 'root', 'node', 'kubeconfig', 'kubeContext'],
    options: [output(['json', 'yaml']), { flag: '--out <file>', help: 'write it there, readable by you alone' }],
    load: async () => (await import('./capture.ts')).captureCommand,
  },
  {
    name: 'validate',
    summary: 'every problem of a checkout, in one run',
    words: '[path]',
    settings: repository,
    options: [output(['json', 'yaml']), { flag: '-v, --verbose', help: 'show notices as well' }],
    notes: `On a checkout it finds what fairlead lint finds: documents and rules. lint also looks at captures and machines,
compares with a revision (--base), runs single rules (--rule) and writes SARIF.`,
    load: async () => (await import('./validate.ts')).validateCommand,
  },
  {
    name: 'lint',
    summary: 'every rule of the catalogue, on a checkout, on a capture, or on the files of a K3s machine',
    words: '[path]',
    settings: [...repository, 'node'],
    options: [
      output(['json', 'yaml', 'sarif']),
      { ...capture, help: 'the captured cluster; with a checkout, what the checkout would do to it' },
      { ...base, help: 'what the checkout changes about a Git revision' },
      { flag: '--host-root <dir>', help: 'the K3s machine whose root this is, and no repository' },
      { flag: '--k3s-version <version>', help: 'with --host-root: the release, where the machine does not show it' },
      { flag: '--rule <ids>', help: 'these rules only, with commas between them' },
      { flag: '-v, --verbose', help: 'show notices as well' },
    ],
    notes: `Examples:
  fairlead lint                            every cluster of this checkout
  fairlead lint --host-root / --rule cfg-unknown-key-server
  fairlead lint -o sarif > fairlead.sarif  for code hosts
fairlead explain <rule> tells why.`,
    load: async () => (await import('./lint.ts')).lintCommand,
  },
  {
    name: 'doctor',
    summary: 'what is wrong with K3s on this machine now, and the commands that mend it; changes nothing',
    settings: ['root', 'node', 'role', 'kubeconfig', 'kubeContext'],
    options: [
      output(['json', 'yaml']),
      { flag: '--k3s-version <release>', help: 'where the machine does not show it: of a disk' },
      { flag: '--flags', help: 'only the flags that K3s gets, and where each comes from' },
      { flag: '-v, --verbose', help: 'show notices as well' },
    ],
    notes: `Beside the fix stands, after "run", the command for it where there is one.
Ends with 3 for errors, with 1 where there is no K3s, or where its configuration or the cluster of --kubeconfig
cannot be read.`,
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'render',
    summary: 'the files that a checkout makes for every node',
    settings: [...repository, ...git],
    options: [
      output(['json', 'yaml']),
      { flag: '--out <dir>', help: 'write them below a new directory instead' },
      { flag: '--program <node>', help: 'the NodeProgram of one node, as fairlead agent reads it' },
      { ...capture, help: 'the nodes of a capture instead of one server and one agent' },
    ],
    load: async () => (await import('./render.ts')).renderCommand,
  },
  {
    name: 'plan',
    summary: 'what would change, what it costs, and who made it necessary',
    settings: [...repository, ...machine, ...git],
    options: [output(['json', 'yaml', 'wide']), capture, base, detailedExitCode],
    notes: `Examples:
  fairlead plan --root /                  against this machine
  fairlead plan --base origin/main        what a pull request changes
  fairlead plan --capture home.yaml       against a captured cluster`,
    load: async () => (await import('./plan.ts')).planCommand,
  },
  {
    name: 'diff',
    summary: 'the contents behind a plan, as unified diffs; files that hold secrets are not shown',
    settings: [...repository, ...machine, ...git],
    options: [capture, base, detailedExitCode],
    load: async () => (await import('./diff.ts')).diffCommand,
  },
  {
    name: 'lb',
    summary: 'which nodes serve which LoadBalancer Services, before and after a change',
    settings: [...repository, ...git],
    options: [
      output(['json', 'yaml', 'wide']),
      { ...capture, help: 'captured nodes and Services instead of those of the repository' },
      { ...detailedExitCode, help: 'end with 2 when a Service is served otherwise' },
    ],
    load: async () => (await import('./lb.ts')).lbCommand,
  },
  {
    name: 'bootstrap',
    summary: 'prepare this machine for K3s: flags, flannel options and manifests of a node in the inventory',
    words: '<node>',
    settings: [...repository, 'root', 'ageKeyFile', ...git],
    options: [{ flag: '--dry-run', help: 'list what would be written and write nothing' }],
    notes: 'Run it before K3s is installed. Example: fairlead bootstrap pi-1 --repo my-network --cluster home',
    load: async () => (await import('./bootstrap.ts')).bootstrapCommand,
  },
  {
    name: 'adopt',
    summary: 'show what Fairlead would take over on this machine, and let it',
    settings: [...repository, ...machine, ...git],
    options: [{ flag: '-y, --yes', help: 'do not ask' }],
    load: async () => (await import('./adopt.ts')).adoptCommand,
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
    load: async () => (await import('./apply.ts')).applyCommand,
  },
  {
    name: 'run',
    summary: 'keep this machine as the repository says: controller and agent in one process',
    settings: [...git, 'cluster', ...machine, 'confirmTimeout', ...loop, ...listener, ...logs],
    load: async () => (await import('./run.ts')).runCommand,
  },
  {
    name: 'agent',
    summary: 'keep this machine as a NodeProgram says, which a file holds; uninstall takes everything of ours away',
    words: '[uninstall]',
    settings: ['programFile', ...machine, 'confirmTimeout', ...loop, ...listener, ...logs],
    options: [{ flag: '-y, --yes', help: 'uninstall without asking' }],
    load: async () => (await import('./agent.ts')).agentCommand,
  },
  {
    name: 'confirm',
    summary: 'keep the network change that waits on this machine',
    words: '[change]',
    settings: ['root'],
    load: async () => (await import('./confirm.ts')).confirmCommand,
  },
  {
    name: 'rollback',
    summary: 'take back the network change that waits on this machine',
    words: '[change]',
    settings: ['root'],
    options: [{ flag: '--reason <text>', help: 'why, for the status and the history' }],
    load: async () => (await import('./rollback.ts')).rollbackCommand,
  },
  {
    name: 'panic',
    summary: 'take everything of ours out of the packet path, now',
    settings: ['root'],
    options: [{ flag: '--routes', help: 'routes and routing rules as well' }],
    notes: 'The same as the script bin/fairlead-panic, which needs no Node. fairlead resume ends it.',
    load: async () => (await import('./panic.ts')).panicCommand,
  },
  {
    name: 'trace',
    summary: 'the way of a packet through this node: our rules and those found beside them',
    settings: [...repository, 'root', 'node', 'role', 'kernel', ...git],
    options: [
      output(['json', 'yaml', 'wide']),
      { flag: '--from <address>', help: 'where the packet comes from' },
      { flag: '--to <address>', help: 'where it is sent to' },
      { flag: '--protocol <name>', help: 'tcp (the default), udp, sctp, icmp, icmpv6 or a number' },
      { flag: '--port <number>', help: 'port that it is sent to' },
      { flag: '--source-port <number>', help: 'port that it is sent from' },
      { flag: '--icmp-type <type>', help: 'number, or number/code' },
      { flag: '--in <interface>', help: 'where it comes in; found from the routes unless told' },
      { flag: '--state <state>', help: 'new (the default), established, related, invalid or untracked' },
      { flag: '--mark <number>', help: 'mark that it carries' },
      { flag: '--tables <file>', help: 'iptables-save output of another machine, instead of this one' },
      { flag: '--tables6 <file>', help: 'the same of ip6tables-save' },
      { flag: '--addresses <list>', help: "that machine's addresses: eth0=192.168.1.5/24,eth1=…" },
    ],
    load: async () => (await import('./trace.ts')).traceCommand,
  },
  {
    name: 'cleanup',
    summary: 'what former components left on this machine, and its removal',
    settings: ['root', 'node', 'kernel', 'kubeconfig', 'kubeContext'],
    options: [
      output(['json', 'yaml']),
      { flag: '--dry-run', help: 'list what would go, and why' },
      { flag: '-y, --yes', help: 'remove without asking, also what opens ways that were closed' },
      { flag: '--only <names>', help: 'only what these components left' },
      { flag: '--component <names>', help: 'look for these components, whatever the program says' },
      { flag: '--gone <names>', help: 'take your word that these no longer run, where nothing shows it' },
      { flag: '--wait <duration>', help: 'how long their objects have to be quiet (default: 10s)' },
      { flag: '--undo [name]', help: 'bring back what a cleanup removed; the last one unless named' },
    ],
    load: async () => (await import('./cleanup.ts')).cleanupCommand,
  },
  {
    name: 'demo',
    summary: 'everything on this machine: a Git server, a K3s-shaped tree, the loop and the status page',
    settings: ['listen', 'interval', ...logs],
    options: [{ flag: '--dir <dir>', help: 'data directory, made when missing (default: fairlead-demo)' }],
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  {
    name: 'status',
    summary: 'what Fairlead last told about this machine',
    settings: ['root'],
    options: [output(['json', 'yaml', 'wide'])],
    load: async () => (await import('./status.ts')).statusCommand,
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
    load: async () => (await import('./drift.ts')).driftCommand,
  },
  {
    name: 'history',
    summary: 'the last passes that changed something or ended otherwise than the one before, newest first',
    settings: ['root'],
    options: [output(['json', 'yaml', 'wide'])],
    load: async () => (await import('./history.ts')).historyCommand,
  },
  {
    name: 'events',
    summary: 'what the last passes did, one line each, newest last',
    settings: ['root'],
    options: [output(['json', 'yaml', 'wide'])],
    load: async () => (await import('./events.ts')).eventsCommand,
  },
  {
    name: 'suspend',
    summary: 'stop comparing and repairing on this machine',
    settings: ['root'],
    options: [{ flag: '--reason <text>', help: 'kept with it, for whoever finds it' }],
    load: async () => (await import('./suspend.ts')).suspendCommand,
  },
  {
    name: 'resume',
    summary: 'go on after a suspension',
    settings: ['root'],
    load: async () => (await import('./resume.ts')).resumeCommand,
  },
  {
    name: 'reconcile',
    summary: 'ask the Fairlead that runs here for a pass now, and wait for it',
    settings: ['root'],
    options: [wait, { flag: '--no-wait', help: 'only ask' }],
    load: async () => (await import('./reconcile.ts')).reconcileCommand,
  },
  {
    name: 'explain',
    summary: 'what a field of the documents, a flag of K3s or a rule means, like kubectl explain',
    words: '[path]',
    settings: [],
    notes: `Examples:
  fairlead explain cni.flannel.backend
  fairlead explain k3sFlags.servers.tls-san
  fairlead explain rules                   every rule, by group
  fairlead explain net-overlap`,
    load: async () => (await import('./explain.ts')).explainCommand,
  },
  {
    name: 'version',
    summary: 'which Fairlead this is, and on which Node it runs',
    settings: [],
    options: [output(['json', 'yaml'])],
    load: async () => (await import('./version.ts')).versionCommand,
  },
  {
    name: 'completion',
    summary: 'a completion script for bash, zsh or fish',
    words: '<shell>',
    settings: [],
    notes: 'Example: source <(fairlead completion bash)',
    load: async () => (await import('./completion.ts')).completionCommand(commands),
  },
]

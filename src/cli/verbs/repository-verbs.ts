import type { CommandSpec } from '../command.ts'
import { base, capture, detailedExitCode, git, machine, output, repository } from './verb-parts.ts'

/** Verbs about the documents: they write them, check them and say what they would change. */
export const repositoryVerbs: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'begin a configuration repository from the template',
    words: '[dir]',
    settings: [],
    options: [{ flag: '--dry-run', help: 'list the files and write none' }],
    load: async () => (await import('../init.ts')).initCommand,
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
    load: async () => (await import('../import.ts')).importCommand,
  },
  {
    name: 'capture',
    summary:
      'facts and files of this machine and its cluster, for plans made elsewhere; what looks like a secret is left out',
    settings: ['cluster', 'root', 'node', 'kubeconfig', 'kubeContext'],
    options: [output(['json', 'yaml']), { flag: '--out <file>', help: 'write it there, readable by you alone' }],
    load: async () => (await import('../capture.ts')).captureCommand,
  },
  {
    name: 'validate',
    summary: 'every problem of a checkout, in one run',
    words: '[path]',
    settings: repository,
    options: [output(['json', 'yaml']), { flag: '-v, --verbose', help: 'show notices as well' }],
    notes: `On a checkout it finds what fairlead lint finds: documents and rules. lint also looks at captures and machines,
compares with a revision (--base), runs single rules (--rule) and writes SARIF.`,
    load: async () => (await import('../validate.ts')).validateCommand,
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
    load: async () => (await import('../lint.ts')).lintCommand,
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
    load: async () => (await import('../doctor.ts')).doctorCommand,
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
    load: async () => (await import('../render.ts')).renderCommand,
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
    load: async () => (await import('../plan.ts')).planCommand,
  },
  {
    name: 'diff',
    summary: 'the contents behind a plan, as unified diffs; files that hold secrets are not shown',
    settings: [...repository, ...machine, ...git],
    options: [capture, base, detailedExitCode],
    load: async () => (await import('../diff.ts')).diffCommand,
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
    load: async () => (await import('../lb.ts')).lbCommand,
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
    load: async () => (await import('../explain.ts')).explainCommand,
  },
]

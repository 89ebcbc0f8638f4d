import type { CommandSpec } from '../command.ts'
import { git, listener, logs, loop, wait } from './verb-parts.ts'

/** Verbs about a whole cluster: its controller, and Fairlead in it and out of it. */
export const clusterVerbs: readonly CommandSpec[] = [
  {
    name: 'controller',
    summary: 'the side of the cluster: programs for all its nodes, its labels, permits, and the record of it all',
    settings: [
      'cluster',
      'root',
      'node',
      ...git,
      'kubeconfig',
      'kubeContext',
      'signingKeyFile',
      ...loop,
      ...listener,
      ...logs,
    ],
    notes: `Several may run at once: one leads, the others take over when it goes. Without --kubeconfig it is the usual places,
K3s's own on a server, or the ServiceAccount of the pod.`,
    load: async () => (await import('../controller.ts')).controllerCommand,
  },
  {
    name: 'install',
    summary: 'print, or apply, what makes a Fairlead of a cluster: kinds, rights, controller, and agents of its nodes',
    settings: ['cluster', 'gitUrl', 'gitBranch', 'kubeconfig', 'kubeContext'],
    options: [
      { flag: '--image <ref>', help: 'image of controller and node agents (default: fairlead:<version>)' },
      { flag: '--git-token-secret <name>', help: 'Secret of fairlead-system whose "token" opens the repository' },
      { flag: '--api <host:port>', help: 'Kubernetes API as a server reaches its own (default: 127.0.0.1:6443)' },
      {
        flag: '--node-agent <how>',
        help: 'daemonset (the default): the agent is installed on every host, or none: you do it',
        choices: ['daemonset', 'none'],
      },
      { flag: '--crds-only', help: 'only the definitions of our kinds' },
      { flag: '--apply', help: 'apply it to the cluster, and remove what a release before had and this one has not' },
    ],
    notes: `Examples:
  fairlead install --git-url https://git.example/net.git --cluster home | kubectl apply --server-side --force-conflicts -f -
  fairlead install > fairlead.yaml         for a repository of manifests, or deploy/kubernetes for kustomize
Everything of it is in the namespace fairlead-system, except kinds and roles. fairlead uninstall takes it away.`,
    load: async () => (await import('../install.ts')).installCommand,
  },
  {
    name: 'uninstall',
    summary: 'take Fairlead out of a cluster: controller, agents of the nodes, labels, objects, rights, kinds',
    settings: ['kubeconfig', 'kubeContext'],
    options: [
      { flag: '--keep-node-agents', help: 'leave the agents on their hosts, with the program they have' },
      { ...wait, help: 'how long to wait for pods, nodes and the server (default: 5m)' },
      { flag: '-y, --yes', help: 'do not ask' },
    ],
    notes: 'What Fairlead wrote on the nodes as configuration of K3s stays, and so does /var/lib/fairlead.',
    load: async () => (await import('../uninstall.ts')).uninstallCommand,
  },
  {
    name: 'host-agent',
    summary: 'make this release the agent of the host below --root, or take the agent off it: what the DaemonSet runs',
    words: '<keep|remove>',
    settings: ['root', ...logs],
    load: async () => (await import('../host-agent.ts')).hostAgentCommand,
  },
]

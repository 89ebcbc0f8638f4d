import { isSwitchedOn, scalarOf } from '../../k3s/config/effective-settings.ts'
import { supports } from '../../k3s/version/feature-gates.ts'
import { toldServers } from '../consistency/told-nodes.ts'
import type { Finding, Rule } from '../rule.ts'

export const dockerRuntime: Rule = {
  id: 'node-docker',
  severity: 'warning',
  title: 'a node runs its containers with Docker',
  why: 'K3s holds cri-dockerd to be experimental, and the directories of CNI plugins are then those of Docker',
  fix: 'leave docker out and use the containerd of K3s; the node has to be drained and made anew for it',
  versions: '1.24.0 and later',
  looksAt: ['settings'],
  sources: ['k3s-io/docs docs/advanced.md', 'k3s-io/k3s pkg/agent/run.go'],
  check(subject) {
    const hasRegistry = toldServers(subject).some(({ settings }) => isSwitchedOn(settings, 'embedded-registry'))
    return subject.nodes.flatMap(({ settings, version }): Finding[] => {
      const docker = scalarOf(settings, 'docker')
      if (docker === undefined || !isSwitchedOn(settings, 'docker')) return []
      if (version === undefined || !supports('cri-dockerd', version)) return []
      if (!hasRegistry) return [{ at: docker.at, what: 'docker is set' }]
      return [
        {
          at: docker.at,
          what: 'docker is set together with embedded-registry',
          why: 'K3s refuses to start: the embedded registry works with its own containerd only',
        },
      ]
    })
  },
}

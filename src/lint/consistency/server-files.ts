import { secretMask } from '../../domain/k3s-config-reading.ts'
import { scalarOf } from '../../k3s/config/effective-settings.ts'
import { manifestName } from '../../k3s/locations.ts'
import { isPackagedManifest } from '../../k3s/packaged-components.ts'
import { reaches } from '../../k3s/version/release-floors.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { releaseOf } from '../versioned-flags/node-release.ts'
import { printNode, toldServers } from './told-nodes.ts'

export const manifestsEqual: Rule = {
  id: 'con-manifests-equal',
  severity: 'error',
  title: 'a manifest has different content on two servers',
  why: 'K3s does not copy manifests between servers: each one that starts, or sees its file change, applies its own',
  fix: 'put the same file on every server, or keep it on one of them',
  versions: 'every version',
  looksAt: ['host'],
  sources: ['k3s-io/k3s pkg/deploy/controller.go', 'k3s-io/docs docs/installation/packaged-components.md'],
  check(subject) {
    const [first, ...others] = toldServers(subject).map((node) => ({ node, files: ownManifests(node) }))
    if (first === undefined) return []
    return others.flatMap(({ node, files }) =>
      [...files].flatMap(([name, digest]): Finding[] => {
        const known = first.files.get(name)
        if (known === undefined || known === digest) return []
        return [{ at: node.at, what: `${name} on ${printNode(node)} is not that of ${printNode(first.node)}` }]
      }),
    )
  },
}

/** What K3s packs itself differs with its release. */
function ownManifests({ host }: NodeSubject): ReadonlyMap<string, string> {
  return new Map(
    [...(host?.files ?? [])].flatMap(([path, { type, digest }]): [string, string][] => {
      const name = manifestName(path)
      const isOurs = name !== undefined && /\.(ya?ml|json)$/.test(name) && !isPackagedManifest(name)
      return isOurs && type === 'file' && digest !== undefined ? [[name, digest]] : []
    }),
  )
}

export const agentTokenEqual: Rule = {
  id: 'con-token-agent',
  severity: 'warning',
  title: 'servers have different agent tokens',
  why: 'an agent joins only through servers that know its token',
  fix: 'give every server the same agent-token, or none',
  versions: '1.19.0 and later',
  looksAt: ['settings'],
  sources: ['k3s-io/docs docs/cli/server.md'],
  check(subject) {
    const [first, ...others] = toldServers(subject).filter((server) => knowsAgentToken(subject, server))
    if (first === undefined) return []
    return others.flatMap((other): Finding[] => {
      const [own, expected] = [scalarOf(other.settings, 'agent-token'), scalarOf(first.settings, 'agent-token')]
      const isHidden = [own, expected].some((token) => token?.text === secretMask)
      if (own !== undefined && expected !== undefined) {
        if (isHidden || own.text === expected.text) return []
        return [
          { at: { place: own.at.place }, what: `${printNode(other)} has another agent-token than ${printNode(first)}` },
        ]
      }
      const [has, lacks] = own === undefined ? [first, other] : [other, first]
      const token = own ?? expected
      // The file of the other one may hold the same token.
      if (token === undefined || lacks.settings.has('agent-token-file')) return []
      return [
        {
          at: { place: token.at.place },
          what: `${printNode(has)} has an agent-token and ${printNode(lacks)} has none`,
        },
      ]
    })
  },
}

/** K3s has agent-token since 1.19.0. */
function knowsAgentToken(subject: LintSubject, node: NodeSubject): boolean {
  const version = releaseOf(node, subject)
  return version === undefined || reaches(['1.19.0'], version)
}

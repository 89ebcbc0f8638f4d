import { componentSwitches } from '../../k3s/packaged-components.ts'
import type { Finding, Rule } from '../rule.ts'

export const disableHasSwitch: Rule = {
  id: 'repo-disable-has-switch',
  severity: 'error',
  title: 'a component in the disable list that has a switch of its own',
  why: 'the two could say different things, and rules and plans look at the switch',
  fix: 'take it off the list, and say it with the switch',
  versions: 'every version',
  looksAt: [],
  sources: ['fairlead docs/reference/clusternetwork.md'],
  check({ desired }) {
    if (desired === undefined) return []
    return desired.cluster.spec.components.disable.flatMap((item, index): Finding[] => {
      const found = componentSwitches.find((one) => one.kind === 'disable-item' && one.item === item)
      if (found === undefined) return []
      const field = `spec.components.${found.key}.enabled`
      return [
        {
          at: desired.places.clusterPlace(['spec', 'components', 'disable', index]),
          what: `${item} has a switch of its own, ${field}`,
          fix: `take it off the list; to disable it write ${field}: false`,
        },
      ]
    })
  },
}

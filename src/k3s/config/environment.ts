import type { ConfigArgument, NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import { allFlags } from '../flags/flag-catalogue.ts'

type Environment = NodeConfigReading['environment']

/**
 * The flags that variables stand for. An empty variable is none, as for K3s.
 * @see k3s-io/k3s pkg/cli/cmds (`EnvVars`); urfave/cli flag.go
 */
export function environmentFlags(environment: Environment): readonly ConfigArgument[] {
  return lastOfEach(environment).flatMap(({ name, value, at }) => {
    const key = flagOfVariable.get(name)
    return key === undefined || value === '' ? [] : [{ key, text: value, at }]
  })
}

/**
 * Variables that are named after a flag and that K3s does not read: `K3S_CLUSTER_CIDR`. Other names are left alone, for
 * parts of K3s and its installer have variables that are no flags.
 */
export function meaninglessVariables(environment: Environment): Environment {
  return lastOfEach(environment).filter(({ name }) => !flagOfVariable.has(name) && misleadingNames.has(name))
}

/** The value of a variable; undefined where it is not set, or set to nothing. */
export function variableOf(environment: Environment, name: string): Environment[number] | undefined {
  const found = environment.findLast((variable) => variable.name === name)
  return found?.value === '' ? undefined : found
}

/** A later one replaces an earlier one of its name, whether it says something or nothing. */
function lastOfEach(environment: Environment): Environment {
  return [...new Map(environment.map((variable) => [variable.name, variable])).values()]
}

const flagOfVariable: ReadonlyMap<string, string> = new Map(
  allFlags.flatMap((flag) => (flag.environment === undefined ? [] : [[flag.environment, flag.name]])),
)

const misleadingNames: ReadonlySet<string> = new Set(
  allFlags.map((flag) => `K3S_${flag.name.toUpperCase().replaceAll('-', '_')}`),
)

import type { AddressFamily } from '../../domain/cidr.ts'
import type { EffectiveSettings, SettingText } from '../config/effective-settings.ts'
import { argumentOf, controllerManagerKeys } from './component-arguments.ts'

/** How large the range is that each node gets for its pods. */
interface NodeMask {
  /** NaN for a text that is no prefix length of the family. */
  readonly prefixBits: number
  /** The argument that says so; absent for the default. */
  readonly written?: SettingText
}

export const nodeMaskArguments = {
  both: 'node-cidr-mask-size',
  4: 'node-cidr-mask-size-ipv4',
  6: 'node-cidr-mask-size-ipv6',
} as const

/**
 * The prefix length of node ranges of one family. A value of 0 is one that is not set.
 * @see kubernetes/kubernetes cmd/kube-controller-manager/app/core.go (`setNodeCIDRMaskSizes`)
 */
export function nodeMaskOf(settings: EffectiveSettings, family: AddressFamily): NodeMask {
  const written =
    nonZero(argumentOf(settings, controllerManagerKeys, nodeMaskArguments[family])) ??
    nonZero(argumentOf(settings, controllerManagerKeys, nodeMaskArguments.both))
  if (written === undefined) return { prefixBits: family === 4 ? 24 : 64 }
  const isPrefix = /^\d{1,3}$/.test(written.text) && Number(written.text) <= (family === 4 ? 32 : 128)
  return { prefixBits: isPrefix ? Number(written.text) : Number.NaN, written }
}

function nonZero(argument: SettingText | undefined): SettingText | undefined {
  return argument === undefined || /^0+$/.test(argument.text) ? undefined : argument
}

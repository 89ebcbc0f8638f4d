import { certain } from './certainty.ts'
import type { Test } from './compiled-rule.ts'

/** Whether the packet comes in, or leaves, by an interface of this name, or of one that begins so. */
export function interfaceTest(name: string, isPrefix: boolean, side: 'in' | 'out'): Test {
  return (packet) => {
    const actual = side === 'in' ? packet.inInterface : packet.outInterface
    if (actual === undefined) return 'no'
    return certain(isPrefix ? actual.startsWith(name) : actual === name)
  }
}

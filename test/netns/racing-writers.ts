import { writeFile } from 'node:fs/promises'
import type { AddressFamily } from '../../src/domain/cidr.ts'
import { type K3sTablesOptions, k3sNode } from './k3s-node.ts'
import { kubeProxyRules } from './k3s-proxy-rules.ts'
import { kubeProxyRewrite } from './k3s-tables.ts'
import type { Namespaces } from './lab.ts'
import type { Backend } from './observe.ts'

/** Somebody else who writes packet filter rules, over and over. */
export interface Writer {
  /** Rounds that ended well. */
  rounds(): number
  /** What went wrong in other rounds, as the writer's program said it. */
  complaints(): readonly string[]
  /** Resolves after `count` more rounds. */
  moreRounds(count: number): Promise<void>
  stop(): Promise<void>
}

interface WriterOptions {
  readonly backend?: Backend
  readonly family?: AddressFamily
}

/**
 * The network policy controller: reads the whole filter table, thinks, and writes it back with a flush, so that what
 * others did meanwhile is lost and what they removed is back. With `insistsOnFirst` it puts its jumps at index 1 before.
 * @see cloudnativelabs/kube-router pkg/controllers/netpol/network_policy_controller.go, fullPolicySync
 */
export async function kubeRouterLike<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  options: WriterOptions & { readonly delayMs?: number; readonly insistsOnFirst?: boolean } = {},
): Promise<Writer> {
  const { save, restore, command } = programs(options)
  const { delayMs = 150, insistsOnFirst = false } = options
  return await loop(
    lab,
    ns,
    `${insistsOnFirst ? jumpsFirst(command) : ''}saved=$(${save} -t filter) && sleep ${delayMs / 1000} &&
     printf '%s\\n' "$saved" | ${restore} -w 5 -T filter`,
  )
}

/** As upstream: inserts at 1 and then deletes the old one by its number, whatever has that number by now. */
function jumpsFirst(command: string): string {
  return `for hook in INPUT FORWARD OUTPUT; do
      at=$(${command} -S $hook | grep -n -- "-j KUBE-ROUTER-$hook" | head -n 1 | cut -d: -f1)
      [ -n "$at" ] && [ "$at" -gt 2 ] || continue
      ${command} -w 5 -I $hook 1 -m comment --comment "kube-router netpol - LAB" -j KUBE-ROUTER-$hook
      ${command} -w 5 -D $hook "$at"
    done
    `
}

/**
 * kube-proxy: rewrites all of its chains and leaves everything else, and inserts its jumps where they are missing.
 * @see kubernetes/kubernetes pkg/proxy/iptables/proxier.go, syncProxyRules
 */
export async function kubeProxyLike<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  options: WriterOptions & { readonly everyMs?: number; readonly tables?: K3sTablesOptions } = {},
): Promise<Writer> {
  const { restore, command } = programs(options)
  const { family = 4, everyMs = 100, tables = {} } = options
  const file = `${lab.directory}/kube-proxy-${ns}-${family}-${options.backend ?? 'nft'}`
  await writeFile(file, kubeProxyRewrite(tables, family))
  const jumps = kubeProxyRules(k3sNode(tables, family))
    .filter(({ chain, rule }) => !chain.includes('-') && rule !== '')
    .map(({ table, chain, rule }) => {
      const [check, insert] = [`-t ${table} -C ${chain} ${rule}`, `-t ${table} -I ${chain} ${rule}`]
      return `${command} -w 5 ${check} 2>/dev/null || ${command} -w 5 ${insert}`
    })
  // The chains first: a jump into one that is not there is refused.
  return await loop(
    lab,
    ns,
    `${restore} -w 5 --noflush < ${file} && {\n${jumps.join('\n')}\nsleep ${everyMs / 1000}; }`,
  )
}

/** Another tool that keeps one jump of its own at the first place of a built-in chain of `filter`. */
export async function jumpInserter<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  options: WriterOptions & { readonly everyMs?: number; readonly hook?: 'INPUT' | 'FORWARD' | 'OUTPUT' } = {},
): Promise<Writer> {
  const { restore, command } = programs(options)
  const { everyMs = 100, hook = 'INPUT' } = options
  const jump = `${hook} -m comment --comment "another tool" -j OTHER-TOOL`
  const write = (remove: string): string =>
    `printf '%s\\n' '*filter' ':OTHER-TOOL - [0:0]' '-A OTHER-TOOL -j RETURN' ${remove}'-I ${jump}' COMMIT | ${restore} -w 5 --noflush`
  return await loop(
    lab,
    ns,
    `if ${command} -w 5 -C ${jump} 2>/dev/null; then ${write(`'-D ${jump}' `)}; else ${write('')}; fi && sleep ${everyMs / 1000}`,
  )
}

function programs({ backend = 'nft', family = 4 }: WriterOptions): Record<'save' | 'restore' | 'command', string> {
  const command = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}`
  return { command, save: `${command}-save`, restore: `${command}-restore` }
}

/** Runs `body` until it is stopped. Resolves after the first round that ended well. */
async function loop<Name extends string>(lab: Namespaces<Name>, ns: Name, body: string): Promise<Writer> {
  const complaints: string[] = []
  const waiting = new Set<() => void>()
  let rounds = 0
  const follow = lab.commands(ns).follow(['/bin/sh', '-c', `while :; do ${body}\n[ $? -eq 0 ] && echo round; done`], {
    onLine: (line, stream) => {
      if (stream === 'stderr') complaints.push(line)
      else if (line === 'round') rounds += 1
      for (const look of waiting) look()
    },
    onEnd: (reason) => complaints.push(`ended: ${reason}`),
  })
  const moreRounds = (count: number): Promise<void> => {
    const wanted = rounds + count
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          waiting.delete(look)
          reject(new Error(`the writer did ${rounds} of ${wanted} rounds: ${complaints.slice(-5).join(' | ')}`))
        },
        10_000 + count * 1000,
      )
      const look = (): void => {
        if (rounds < wanted) return
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
    })
  }
  await moreRounds(1).catch(async (error: unknown) => {
    await follow.stop()
    throw error
  })
  return { rounds: () => rounds, complaints: () => complaints, moreRounds, stop: follow.stop }
}

import { performance } from 'node:perf_hooks'
import type { ProbeResult, ProbeSpec } from '../../domain/probe.ts'
import { unreachable } from '../../domain/unreachable.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import type { ProbesPort } from '../../ports/probes-port.ts'
import type { Answer, Asking } from './asking.ts'
import { probeDns } from './dns-probe.ts'
import { probeGateway } from './gateway-probe.ts'
import { probeHttp } from './http-probe.ts'
import { establishedSessions, probeManagement } from './management-probe.ts'
import { probePing } from './ping-probe.ts'
import { probeTcp } from './tcp-probe.ts'

/** Probes from this machine, each with new connections: one that is kept alive proves nothing about a new one. */
export function openProbes(options: { readonly commands: CommandPort }): ProbesPort {
  return {
    run: async (probes, signal) => await Promise.all(probes.map((probe) => ask(probe, options.commands, signal))),
    sessions: async () => (await establishedSessions(options.commands)).map(({ peer, port }) => ({ peer, port })),
  }
}

async function ask(probe: ProbeSpec, commands: CommandPort, stop: AbortSignal): Promise<ProbeResult> {
  const began = performance.now()
  const { timeoutMs, name } = probe
  const over = new AbortController()
  const signal = AbortSignal.any([stop, over.signal])
  const deadline = new Promise<Answer>((resolve) => {
    const late = (): void =>
      resolve({ passed: false, message: stop.aborted ? 'stopped' : `no answer in ${timeoutMs} ms` })
    signal.addEventListener('abort', late, { once: true })
    if (signal.aborted) late()
  })
  const timer = setTimeout(() => over.abort(), timeoutMs)
  try {
    const answer = await Promise.race([check(probe, { commands, timeoutMs, signal }).catch(asAnswer), deadline])
    return { name, ...answer, tookMs: performance.now() - began }
  } finally {
    clearTimeout(timer)
    // Whoever lost the race lets go of its sockets.
    over.abort()
  }
}

async function check({ check }: ProbeSpec, asking: Asking): Promise<Answer> {
  switch (check.kind) {
    case 'tcp':
      return await probeTcp(check, asking)
    case 'http':
      return await probeHttp(check, asking)
    case 'ping':
      return await probePing(check.host, asking)
    case 'gateway':
      return await probeGateway(check.family, asking)
    case 'dns':
      return await probeDns(check, asking)
    case 'management':
      return await probeManagement(check, asking)
    default:
      return unreachable(check)
  }
}

function asAnswer(cause: unknown): Answer {
  return { passed: false, message: cause instanceof Error ? cause.message : String(cause) }
}

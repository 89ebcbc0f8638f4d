import { keepsKernel } from '../agent/this-kernel.ts'
import { exitCode } from '../domain/exit-code.ts'
import { addressIsLocal, findRoute, type NodeRouting, prepareRouting } from '../plan/packet-path/node-routing.ts'
import { type Packet, startTravelling } from '../plan/packet-path/packet.ts'
import { compileRuleset } from '../plan/packet-path/ruleset.ts'
import { simulatePacket } from '../plan/packet-path/simulate-packet.ts'
import { colours } from './colour.ts'
import type { Command, CommandCall } from './command.ts'
import { reportRefused } from './print-problems.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { areAddresses } from './trace-addresses.ts'
import { traceAsJson } from './trace-json.ts'
import { tracedNode, tracedProgram } from './trace-node.ts'
import { packetFromOptions } from './trace-request.ts'
import { formatTrace, type Trace } from './trace-text.ts'

/** The way of one packet through this node: every rule that it meets, ours and those of others, and what decides. */
export const traceCommand: Command = async (call) => {
  const { options, terminal } = call
  const asked = packetFromOptions(options)
  const mistake = asked.ok ? usageMistake(call) : asked.error
  if (!asked.ok || mistake !== undefined) {
    terminal.err.write(`fairlead: ${mistake ?? ''}\n`)
    return exitCode.badUsage
  }
  const program = await tracedProgram(call)
  if (!program.ok) {
    reportRefused(program.error, terminal)
    return exitCode.denied
  }
  const { node, source } = program.value
  const { tables, hostRoutes, notes } = await tracedNode(call, node)
  const routing = prepareRouting(hostRoutes)
  const packet = withInterface(asked.value, routing)
  const plane = node?.network?.plane ?? 'iptables'
  const ruleset = compileRuleset({ program: node?.network?.filter, plane, tables, routing }, packet.family)
  const trace: Trace = { packet, source, plane, simulation: simulatePacket(ruleset, routing, packet), notes }
  const format = options['output']
  const columns = terminal.isTerminal && format !== 'wide' ? terminal.columns : undefined
  terminal.out.write(
    isStructured(format)
      ? formatStructured(traceAsJson(trace), format)
      : formatTrace(trace, { colours: colours(terminal.colour), columns }),
  )
  return exitCode.done
}

function usageMistake({ options, settings }: CommandCall): string | undefined {
  const { tables, tables6, addresses } = options
  const hasTables = tables !== undefined || tables6 !== undefined
  if (addresses === undefined && hasTables) return '--tables needs --addresses: whose addresses are the tables of?'
  if (typeof addresses === 'string' && !areAddresses(addresses)) {
    return `--addresses ${JSON.stringify(addresses)} does not read like eth0=192.168.1.5/24,cni0=10.42.0.1/24`
  }
  if (addresses === undefined && !keepsKernel(settings, settings.root)) {
    return '--root names another machine, whose kernel cannot be asked: name --tables and --addresses, or say --kernel on where it is this one'
  }
  return undefined
}

/** What comes from elsewhere comes in where an answer to it would leave. */
function withInterface(packet: Packet, routing: NodeRouting): Packet {
  if (packet.inInterface !== undefined) return packet
  const travelling = startTravelling(packet)
  if (addressIsLocal(routing, travelling, 'from') === 'yes') return packet
  const answer = startTravelling({ ...packet, from: packet.to, to: packet.from })
  const device = findRoute(routing, answer)?.route?.nextHops[0]?.dev
  return { ...packet, inInterface: device ?? 'unknown' }
}

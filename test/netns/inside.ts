import { createInterface } from 'node:readline'
import type { Answers, Asked } from './inside-protocol.ts'
import { connectOnce, echoReport, echoStart, echoStop, httpListen, httpOnce, listen, unlisten } from './inside-tcp.ts'
import { udpReceive, udpReceived, udpSend, udpSent } from './inside-udp.ts'

// The program that runs inside a namespace: one question a line on stdin, one answer a line on stdout.

type Handlers = { readonly [Op in keyof Answers]: (asked: Asked[Op]) => Promise<Answers[Op]> }

const handlers: Handlers = {
  listen,
  httpListen,
  unlisten,
  connect: connectOnce,
  http: httpOnce,
  echoStart,
  echoReport,
  echoStop,
  udpReceive,
  udpReceived,
  udpSend,
  udpSent,
}

const input = createInterface({ input: process.stdin })
input.on('line', (line) => {
  const { id, op, asked } = JSON.parse(line) as { id: number; op: keyof Answers; asked: unknown }
  // Question and type of its parameters were paired by the asker.
  const handler = handlers[op] as (asked: unknown) => Promise<unknown>
  handler(asked).then(
    (value) => answer({ id, value }),
    (error: unknown) => answer({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})
// The test is over, or was killed.
input.on('close', () => process.exit(0))

function answer(message: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

import { createHash, createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Failure } from '../domain/failure.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import { type BodyLimits, readThrough } from './body-reader.ts'
import { RecentDeliveries } from './recent-deliveries.ts'
import { refuseEarly, replyText } from './replies.ts'
import type { Exchange, Route } from './routes.ts'
import { readSecretFile } from './secret-file.ts'
import { callerKey, type Rate, RateLimiter } from './token-bucket.ts'
import { type Claim, claimHolds, deliveryId, isPing, readClaim } from './webhook-signature.ts'

export interface WebhookOptions {
  /** Shared with the forge and read at every delivery; without it webhooks are off. */
  readonly secretFile?: string
  /** Called after the delivery was answered. */
  readonly onPush: () => void
  /** 25 MiB and 10 seconds unless told; no forge sends more. */
  readonly limits?: BodyLimits
  /** Deliveries of one caller; 60 at once and 10 a second unless told. */
  readonly rate?: Rate
}

export interface WebhookPorts {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: Pick<MetricsPort, 'webhookAnswered'>
}

const defaultLimits: BodyLimits = { maxBytes: 25 * 1024 * 1024, timeoutMs: 10_000 }
const defaultRate: Rate = { burst: 60, perSecond: 10 }
/** Who gets signatures wrong may try ten times, then every ten seconds. */
const failureRate: Rate = { burst: 10, perSecond: 0.1 }
const bodiesAtATime = 64
const rememberedDeliveries = 1000
/** A sender without ids may sign the same body at every push: the same one so soon after is taken for a retry. */
const sameBodyMs = 10_000

/** What a delivery is answered with. `early`: its body has not been read. */
interface Answer {
  readonly status: number
  readonly text: string
  readonly early?: boolean
  readonly retryAfterSeconds?: number
  readonly push?: boolean
}

/**
 * `POST /hooks/git`: a signed hint that something was pushed. What was pushed is read from the repository, never from
 * the body, which only runs through the signature check and is not kept.
 */
export function webhookRoute(options: WebhookOptions, ports: WebhookPorts): Route {
  const limits = options.limits ?? defaultLimits
  const desk: Desk = {
    limits,
    ...(options.secretFile === undefined ? {} : { secretFile: options.secretFile }),
    callers: new RateLimiter(options.rate ?? defaultRate),
    failures: new RateLimiter(failureRate),
    recent: new RecentDeliveries(rememberedDeliveries),
    bodiesNow: 0,
  }
  return {
    method: 'POST',
    path: '/hooks/git',
    access: 'signed',
    maxBodyBytes: limits.maxBytes,
    handle: async (exchange) => {
      const claim = readClaim(exchange.request.headers)
      const answer = await judge(exchange, claim, desk, ports)
      if (answer === undefined) return
      ports.metrics.webhookAnswered(claim?.provider ?? 'none', answer.status)
      if (answer.push) exchange.response.once('close', options.onPush)
      await send(exchange, answer, ports.clock)
    },
  }
}

/** What is remembered between deliveries. */
interface Desk {
  readonly limits: BodyLimits
  readonly secretFile?: string
  readonly callers: RateLimiter
  readonly failures: RateLimiter
  readonly recent: RecentDeliveries
  bodiesNow: number
}

/** Undefined when the sender went away. */
async function judge(
  { request }: Exchange,
  claim: Claim | undefined,
  desk: Desk,
  { clock, log }: WebhookPorts,
): Promise<Answer | undefined> {
  const caller = callerKey(request.socket.remoteAddress)
  const nowMs = clock.nowMs()
  const waitSeconds = Math.max(
    desk.failures.waitSeconds(caller, nowMs),
    desk.callers.take(caller, nowMs) ? 0 : desk.callers.waitSeconds(caller, nowMs),
    desk.bodiesNow >= bodiesAtATime ? 1 : 0,
  )
  if (waitSeconds > 0) {
    return { status: 429, text: 'too many deliveries, try again later', early: true, retryAfterSeconds: waitSeconds }
  }
  const secret = await secretOf(desk, log)
  if (secret === undefined) {
    return { status: 503, text: 'webhooks are off: no secret is configured, or it cannot be read', early: true }
  }
  const unsigned = (): Answer => {
    desk.failures.take(caller, clock.nowMs())
    log.warn({ provider: claim?.provider ?? 'none', caller }, 'webhook with a wrong or missing signature')
    return { status: 401, text: 'the signature is missing or wrong' }
  }
  if (claim === undefined || (claim.kind === 'token' && !claimHolds(claim, secret, undefined))) {
    return { ...unsigned(), early: true }
  }

  const hmac = claim.kind === 'hmac' ? createHmac(claim.algorithm, secret) : undefined
  const hash = createHash('sha256')
  desk.bodiesNow += 1
  const end = await readThrough(request, desk.limits, clock, (chunk) => {
    hmac?.update(chunk)
    hash.update(chunk)
  })
  desk.bodiesNow -= 1
  if (end === 'gone') return undefined
  if (end === 'too-large') return { status: 413, text: 'the body is too large', early: true }
  if (end === 'too-slow') return { status: 408, text: 'the body took too long', early: true }
  if (!claimHolds(claim, secret, hmac?.digest())) return unsigned()
  return welcome(claim, hash.digest('hex'), request.headers, desk, clock.nowMs())
}

/** The answer to a delivery that is what it says. */
function welcome(
  claim: Claim,
  bodyDigest: string,
  headers: IncomingHttpHeaders,
  { recent }: Desk,
  nowMs: number,
): Answer {
  if (isPing(headers)) return { status: 200, text: 'pong' }
  const id = deliveryId(claim, headers)
  const isNew =
    id === undefined
      ? recent.remember(`body ${claim.provider} ${bodyDigest}`, nowMs, sameBodyMs)
      : recent.remember(`id ${id}`, nowMs, Number.POSITIVE_INFINITY)
  return isNew ? { status: 202, text: 'accepted', push: true } : { status: 200, text: 'duplicate' }
}

async function secretOf(desk: Desk, log: LogPort): Promise<string | undefined> {
  if (desk.secretFile === undefined) return undefined
  try {
    return await readSecretFile(desk.secretFile)
  } catch (cause) {
    const detail = cause instanceof Failure ? cause.detail : { code: 'SECRET_UNREADABLE', where: desk.secretFile }
    log.error({ code: detail.code, where: detail.where }, 'webhook secret cannot be read')
    return undefined
  }
}

async function send({ request, response }: Exchange, answer: Answer, clock: ClockPort): Promise<void> {
  if (answer.retryAfterSeconds !== undefined) response.setHeader('Retry-After', answer.retryAfterSeconds)
  if (answer.early) await refuseEarly({ request, response }, answer.status, answer.text, clock)
  else replyText(response, answer.status, answer.text)
}

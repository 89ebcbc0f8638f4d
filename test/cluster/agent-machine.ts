import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { runAsKubelet } from '../../src/agent/run-as-kubelet.ts'
import { runMachine } from '../../src/agent/run-machine.ts'
import { openMachine } from '../../src/agent/this-machine.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { resolveSettings } from '../../src/settings.ts'
import { recordingLog } from '../lab/recording-log.ts'
import { until } from './agent-lab.ts'
import type { TestApiServer } from './api-server.ts'
import { DeployingK3s } from './deploying-k3s.ts'
import { type Forwarder, forwardTo, kubeconfigAt } from './forwarder.ts'

/** A K3s server's disk, and the two programs that run on it: the agent, and K3s's deploy controller. */
export class ServerMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'fairlead-server-'))
  readonly node: string
  readonly log = recordingLog()
  readonly #server: TestApiServer
  readonly #forwarder: Forwarder
  #agent: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined

  private constructor(node: string, server: TestApiServer, forwarder: Forwarder) {
    this.node = node
    this.#server = server
    this.#forwarder = forwarder
  }

  /** @param config of K3s; undefined for a machine that has a kubelet, and no K3s that would apply manifests */
  static async install(server: TestApiServer, node: string, config: string | undefined): Promise<ServerMachine> {
    const forwarder = await forwardTo(Number(new URL(server.url).port))
    const machine = new ServerMachine(node, server, forwarder)
    const { root } = machine
    const installed = config === undefined ? [] : ['var/lib/rancher/k3s/data']
    for (const directory of [...installed, 'var/lib/rancher/k3s/agent', 'etc/rancher/k3s']) {
      mkdirSync(join(root, directory), { recursive: true })
    }
    if (config !== undefined) writeFileSync(join(root, 'etc/rancher/k3s/config.yaml'), config)
    const identity = server.kubeconfigOf(`system:node:${node}`, ['system:nodes'])
    kubeconfigAt(forwarder.port, identity, join(root, 'var/lib/rancher/k3s/agent/kubelet.kubeconfig'))
    mkdirSync(join(root, 'var/lib/fairlead'), { recursive: true, mode: 0o700 })
    await machine.#open().state.writeAdoption({
      cluster: 'home',
      node,
      adoptedAt: '2026-03-01T12:00:00Z',
      takenOver: {},
    })
    onTestFinished(async () => {
      await machine.stopAgent()
      await forwarder.close()
      rmSync(root, { recursive: true, force: true })
    })
    return machine
  }

  get #told() {
    return { root: this.root, source: 'api', kernel: 'off', listen: 'off', interval: '1s' }
  }

  #open() {
    return openMachine(resolveSettings(this.#told, {}), { workingDirectory: '/' }, this.log)
  }

  startAgent(): void {
    const stop = new AbortController()
    const ended = runMachine({
      settings: resolveSettings({ ...this.#told, node: this.node }, {}),
      machine: this.#open(),
      node: this.node,
      version: '0.1.0',
      program: { source: 'api' },
      interrupted: stop.signal,
    })
    this.#agent = { stop, ended }
  }

  /** Nobody says what the node is called. */
  startAgentOf(hostName: string): void {
    const stop = new AbortController()
    const options = {
      settings: resolveSettings(this.#told, {}),
      machine: this.#open(),
      version: '0.1.0',
      interrupted: stop.signal,
    }
    this.#agent = { stop, ended: runAsKubelet(options, { workingDirectory: '/', hostName }) }
  }

  async suspend(): Promise<void> {
    await this.#open().state.writeSuspension({ by: 'ada', reason: 'a test', since: '2026-03-01T12:00:00Z' })
  }

  async status(): Promise<StatusSnapshot | undefined> {
    return await this.#open().state.readStatus()
  }

  /** `True AwaitingAPI` for a condition of the status file. */
  async condition(type: string): Promise<string | undefined> {
    const found = (await this.status())?.conditions.find((one) => one.type === type)
    return found === undefined ? undefined : `${found.status} ${found.reason}`
  }

  async stopAgent(): Promise<void> {
    this.#agent?.stop.abort()
    await this.#agent?.ended
    this.#agent = undefined
    rmSync(join(this.root, 'run'), { recursive: true, force: true })
  }

  /** What the unit of K3s waits for. */
  async untilReady(): Promise<number> {
    const startedAt = Date.now()
    await until(async () => existsSync(join(this.root, 'run/fairlead/ready')), 'readiness', 20_000)
    return Date.now() - startedAt
  }

  /** K3s starts: everything is applied by force. */
  async startK3s(): Promise<DeployingK3s> {
    const k3s = await DeployingK3s.open(this.root, 'v1.33.4+k3s1', this.#server.kubeconfig)
    onTestFinished(() => k3s.close())
    expect(await k3s.pass()).toEqual([])
    return k3s
  }

  read(name: string): string | undefined {
    const path = join(this.root, 'var/lib/rancher/k3s/server/manifests', name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  write(name: string, content: string): void {
    const path = join(this.root, 'var/lib/rancher/k3s/server/manifests', name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }

  loseNetwork = (): Promise<void> => this.#forwarder.cut()
  findNetwork = (): Promise<void> => this.#forwarder.mend()
}

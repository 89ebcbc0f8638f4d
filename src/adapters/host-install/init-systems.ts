import { hostFailure } from './host-failure.ts'
import { hostPath, statOf } from './host-path.ts'

type Words = readonly [string, ...string[]]

export interface ServiceFile {
  readonly path: string
  readonly text: string
  readonly mode: number
  /** Somebody may have one of their own. */
  readonly isOnlyIfAbsent?: true
}

/** What differs between the two; all of it is data. */
export interface InitSystem {
  readonly kind: 'systemd' | 'openrc'
  readonly agentService: string
  readonly runService: string
  /** There when `fairlead run` is started with the machine. */
  readonly runEnabled: string
  readonly agentFile: string
  /** Of ours alone: they go with the agent. */
  readonly files: readonly string[]
  /** Go as well when nobody else has put anything there. */
  readonly directories: readonly string[]
  /** Beside the services: an agent of a cluster takes its program from the API. */
  readonly extras: readonly ServiceFile[]
  readonly enable: readonly Words[]
  readonly disable: readonly Words[]
  readonly reload: readonly Words[]
  readonly restart: Words
  readonly stop: Words
  readonly whereToLook: string
  file(name: string, text: string): ServiceFile
  isActive(service: string): Words
}

const units = '/etc/systemd/system'
const systemdDropIn = `${units}/fairlead-agent.service.d/10-program-from-api.conf`

/** EnvironmentFile= goes before Environment=, so that `/etc/fairlead/fairlead.env` has the last word. */
const dropInText = `# Written with the agent: it takes its program from the Kubernetes API. /etc/fairlead/fairlead.env goes before this.
[Service]
Environment=FAIRLEAD_SOURCE=api
`

const openrcText = `# Written with the agent, and never again: settings of the agent, with "export" before each.
export FAIRLEAD_SOURCE=api
`

export const initSystems: Readonly<Record<'systemd' | 'openrc', InitSystem>> = {
  systemd: {
    kind: 'systemd',
    agentService: 'fairlead-agent.service',
    runService: 'fairlead.service',
    runEnabled: `${units}/multi-user.target.wants/fairlead.service`,
    agentFile: `${units}/fairlead-agent.service`,
    files: [systemdDropIn, `${units}/fairlead-agent.service`, `${units}/fairlead-boot.service`],
    directories: [`${units}/fairlead-agent.service.d`],
    extras: [{ path: systemdDropIn, text: dropInText, mode: 0o644 }],
    enable: [
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', 'fairlead-boot.service', 'fairlead-agent.service'],
    ],
    disable: [['systemctl', 'disable', 'fairlead-boot.service', 'fairlead-agent.service']],
    reload: [['systemctl', 'daemon-reload']],
    restart: ['systemctl', 'restart', 'fairlead-agent.service'],
    stop: ['systemctl', 'stop', 'fairlead-agent.service'],
    whereToLook: 'look at the host: systemctl status fairlead-agent; journalctl -u fairlead-agent',
    file: (name, text) => ({ path: `${units}/${name}`, text, mode: 0o644 }),
    isActive: (service) => ['systemctl', 'is-active', '--quiet', service],
  },
  openrc: {
    kind: 'openrc',
    agentService: 'fairlead-agent',
    runService: 'fairlead',
    runEnabled: '/etc/runlevels/default/fairlead',
    agentFile: '/etc/init.d/fairlead-agent',
    files: ['/etc/init.d/fairlead-agent', '/etc/init.d/fairlead-boot', '/etc/conf.d/fairlead-agent'],
    directories: [],
    extras: [{ path: '/etc/conf.d/fairlead-agent', text: openrcText, mode: 0o644, isOnlyIfAbsent: true }],
    enable: [
      ['rc-update', 'add', 'fairlead-boot', 'boot'],
      ['rc-update', 'add', 'fairlead-agent', 'default'],
    ],
    disable: [
      ['rc-update', 'delete', 'fairlead-boot', 'boot'],
      ['rc-update', 'delete', 'fairlead-agent', 'default'],
    ],
    reload: [],
    restart: ['rc-service', 'fairlead-agent', 'restart'],
    stop: ['rc-service', 'fairlead-agent', 'stop'],
    whereToLook: 'look at the host: rc-service fairlead-agent status; its log is in syslog as fairlead-agent',
    file: (name, text) => ({ path: `/etc/init.d/${name}`, text, mode: 0o755 }),
    isActive: (service) => ['rc-service', '--quiet', service, 'status'],
  },
}

/**
 * Which of them started the host.
 * @see systemd sd_booted(3); OpenRC's init makes /run/openrc/softlevel
 * @throws Failure HOST_INIT_UNKNOWN
 */
export function initSystemOf(root: string): 'systemd' | 'openrc' {
  if (statOf(hostPath(root, '/run/systemd/system')) !== undefined) return 'systemd'
  if (statOf(hostPath(root, '/run/openrc/softlevel')) !== undefined) return 'openrc'
  throw hostFailure(
    'HOST_INIT_UNKNOWN',
    'this host was started neither by systemd nor by OpenRC, so that nothing would keep an agent running on it',
    '/run/systemd/system',
    'start /opt/fairlead/bin/fairlead.cjs agent of the image with what the host has, before K3s, and take this node out of the DaemonSet with a node affinity',
    { retry: 'never' },
  )
}

import { describe, expect, test } from 'vitest'
import { readInstallCommand } from '../../../src/k3s/config/cloud-init.ts'
import { isBoolean } from './config-texts.ts'

const at = { place: { file: 'user-data', line: 9, column: 5 } }

interface Told {
  readonly command: string | undefined
  readonly args: readonly string[]
  readonly environment: readonly string[]
  readonly codes: readonly string[]
}

function read(command: string | readonly string[]): Told | undefined {
  const found = readInstallCommand(command, at, isBoolean)
  if (found === undefined) return undefined
  return {
    command: found.command,
    args: found.arguments.map(({ key, text }) => `${key}=${text}`),
    environment: found.environment.map(({ name, value }) => `${name}=${value}`),
    codes: found.problems.map(({ code }) => code),
  }
}

const plain = { environment: [], codes: [] }
const cases: readonly (readonly [command: string | readonly string[], told: Told])[] = [
  ['curl -sfL https://get.k3s.io | sh -', { ...plain, command: 'server', args: [] }],
  ['curl -sfL https://get.k3s.io | sh -s -', { ...plain, command: 'server', args: [] }],
  [
    'curl -sfL https://get.k3s.io | sh -s - --flannel-backend none --disable=traefik',
    { ...plain, command: 'server', args: ['flannel-backend=none', 'disable=traefik'] },
  ],
  [
    'curl -sfL https://get.k3s.io | INSTALL_K3S_EXEC="server --flannel-backend none" sh -s - --cluster-init',
    { ...plain, command: 'server', args: ['flannel-backend=none', 'cluster-init=true'] },
  ],
  [
    // The installer puts its own "server" in front of a flag, so the second one is stray.
    'curl -sfL https://get.k3s.io | INSTALL_K3S_EXEC="--flannel-backend none" sh -s - server --cluster-init',
    { ...plain, command: 'server', args: ['flannel-backend=none', 'cluster-init=true'], codes: ['ARGUMENT_STRAY'] },
  ],
  [
    "curl -sfL https://get.k3s.io | INSTALL_K3S_VERSION=v1.33.4+k3s1 INSTALL_K3S_EXEC='agent --node-ip 10.0.0.2' sh -",
    { ...plain, command: 'agent', args: ['node-ip=10.0.0.2'] },
  ],
  [
    'curl -sfL https://get.k3s.io | K3S_URL=https://10.0.0.1:6443 K3S_TOKEN=abc sh -',
    { command: 'agent', args: [], environment: ['K3S_URL=https://10.0.0.1:6443', 'K3S_TOKEN=********'], codes: [] },
  ],
  [
    'export INSTALL_K3S_EXEC="server --node-ip 10.0.0.1"\ncurl -sfL https://get.k3s.io | sh -\n',
    { ...plain, command: 'server', args: ['node-ip=10.0.0.1'] },
  ],
  [
    'curl -sfLo /tmp/install.sh https://get.k3s.io && INSTALL_K3S_EXEC="server" sh /tmp/install.sh --debug',
    { ...plain, command: 'server', args: ['debug=true'] },
  ],
  ['sudo env INSTALL_K3S_EXEC=agent ./install.sh > /dev/null 2>&1', { ...plain, command: 'agent', args: [] }],
  [
    ['sh', '-c', 'curl -sfL https://get.k3s.io | sh -s - --debug'],
    { ...plain, command: 'server', args: ['debug=true'] },
  ],
  [['/usr/local/bin/k3s', 'agent', '--node-name', 'a b'], { ...plain, command: 'agent', args: ['node-name=a b'] }],
  [
    'curl -sfL https://get.k3s.io | sh -s - --node-ip $(hostname -I)',
    { command: undefined, args: [], environment: [], codes: ['INSTALL_COMMAND_NOT_PLAIN'] },
  ],
  [
    `INSTALL_K3S_EXEC="--node-ip $IP" sh install.sh`,
    { command: undefined, args: [], environment: [], codes: ['INSTALL_COMMAND_NOT_PLAIN'] },
  ],
  [
    `INSTALL_K3S_EXEC='--node-ip $IP' sh install.sh`,
    { command: undefined, args: [], environment: [], codes: ['INSTALL_COMMAND_NOT_PLAIN'] },
  ],
  ['wget https://get.k3s.io', { command: undefined, args: [], environment: [], codes: ['INSTALL_COMMAND_NOT_PLAIN'] }],
]

describe('a command that installs K3s', () => {
  for (const [command, told] of cases) {
    test(typeof command === 'string' ? command : command.join(' '), () => {
      expect(read(command)).toEqual(told)
    })
  }

  test('is not one that does something else', () => {
    expect(read('apt-get update')).toBeUndefined()
    expect(read('k3s kubectl get nodes')).toBeUndefined()
    expect(read('systemctl restart k3s')).toBeUndefined()
    expect(read([])).toBeUndefined()
  })
})

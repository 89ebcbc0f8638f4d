import { describe, expect, test } from 'vitest'
import { commandFor } from '../../src/cli/doctor-commands.ts'
import { viewMachine } from '../../src/reconcile/machine-subject.ts'
import { hostReading } from '../lab/machine-reading.ts'

const config = '/etc/rancher/k3s/config.yaml'
const unit = '/etc/systemd/system/k3s.service'
const manifests = '/var/lib/rancher/k3s/server/manifests'
const files = {
  [config]: 'x: y\n',
  [unit]: '[Service]\nExecStart=/usr/local/bin/k3s server\n',
  [`${manifests}/My_App.yaml`]: 'a: b\n',
  [`${manifests}/it's.yaml`]: 'a: b\n',
  [`${manifests}/coredns.yaml`]: 'a: b\n',
}

function command(code: string, file: string, fix = 'correct it', root = '/'): string | undefined {
  const { node } = viewMachine({ reading: hostReading(files) })
  const problem = { code, severity: 'error', place: { file, line: 4, column: 1 }, what: 'w', why: 'y', fix } as const
  return commandFor(problem, { root, node })
}

describe('the command that mends a problem', () => {
  const cases: readonly (readonly [string, string | undefined, string | undefined])[] = [
    [
      'opens the file, and restarts K3s',
      command('A', config),
      `"\${EDITOR:-vi}" +4 ${config} && systemctl restart k3s`,
    ],
    [
      'has systemd read an edited unit',
      command('A', unit),
      `"\${EDITOR:-vi}" +4 ${unit} && systemctl daemon-reload && systemctl restart k3s`,
    ],
    [
      'needs no restart for manifests',
      command('A', `${manifests}/My_App.yaml`),
      `"\${EDITOR:-vi}" +4 ${manifests}/My_App.yaml`,
    ],
    [
      'is one word to a shell',
      command('A', `${manifests}/it's.yaml`),
      `"\${EDITOR:-vi}" +4 '${manifests}/it'\\''s.yaml'`,
    ],
    [
      'gives an Addon a name',
      command('ADDON_NAME_INVALID', `${manifests}/My_App.yaml`),
      `mv -n ${manifests}/My_App.yaml ${manifests}/my-app.yaml`,
    ],
    ['has K3s write its own manifests anew', command('A', `${manifests}/coredns.yaml`), 'systemctl restart k3s'],
    [
      'edits what only the API has',
      command('A', 'HelmChartConfig/kube-system/traefik'),
      'kubectl -n kube-system edit helmchartconfig traefik',
    ],
    [
      'is the one that the fix names',
      command('A', 'pi-1', 'after the restart run: kubectl annotate node pi-1 k3s.io/external-ip-'),
      'kubectl annotate node pi-1 k3s.io/external-ip-',
    ],
    ['has no placeholders', command('A', 'pi-1', 'set it: kubectl label node NODE KEY=VALUE'), undefined],
    [
      'is on the disk that was named, where nothing runs',
      command('A', config, 'correct it', '/mnt'),
      `"\${EDITOR:-vi}" +4 /mnt${config}`,
    ],
    [
      'is absent for a disk without the object',
      command('A', 'HelmChartConfig/kube-system/traefik', 'x', '/mnt'),
      undefined,
    ],
    [
      'is absent for another name of which nobody knows which',
      command('A', `${manifests}/My_App.yaml`, 'rename the file'),
      undefined,
    ],
    ['is absent for a Node, whose flags are elsewhere', command('A', 'Node/pi-2'), undefined],
  ]
  test.each(cases)('%s', (_title, found, expected) => {
    expect(found).toBe(expected)
  })
})

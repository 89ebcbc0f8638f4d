import { describe, expect, test } from 'vitest'
import { isSecretKey } from '../../../src/domain/k3s-config-reading.ts'
import { environmentFlags, meaninglessVariables } from '../../../src/k3s/config/environment.ts'
import { readEnvironmentFile } from '../../../src/k3s/config/environment-file.ts'
import { allFlags } from '../../../src/k3s/flags/flag-catalogue.ts'

const at = { place: { file: 'k3s.service.env', line: 1, column: 1 } }

function variables(values: Readonly<Record<string, string>>): { name: string; value: string; at: typeof at }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value, at }))
}

describe('variables', () => {
  test('stand for flags', () => {
    const environment = variables({
      K3S_URL: 'https://10.0.0.1:6443',
      K3S_NODE_NAME: 'a',
      K3S_RESOLV_CONF: '/etc/resolv.conf',
      K3S_DATA_DIR: '/data',
      K3S_LB_SERVER_PORT: '6444',
      K3S_CONFIG_FILE: '/x.yaml',
      K3S_CLUSTER_INIT: 'true',
      HTTP_PROXY: 'http://proxy',
      K3S_SELINUX: '',
    })
    expect(environmentFlags(environment).map(({ key, text }) => `${key}=${text}`)).toEqual([
      'server=https://10.0.0.1:6443',
      'node-name=a',
      'resolv-conf=/etc/resolv.conf',
      'data-dir=/data',
      'lb-server-port=6444',
      'config=/x.yaml',
      'cluster-init=true',
    ])
  })

  test('named after a flag that has none are found, and no others', () => {
    const environment = variables({
      K3S_CLUSTER_CIDR: '10.50.0.0/16',
      K3S_FLANNEL_BACKEND: 'none',
      K3S_NODE_IP: '10.0.0.1',
      K3S_DISABLE: 'traefik',
      K3S_TOKEN: 'x',
      K3S_ROOTLESS_MTU: '1400',
      K3S_AGENT_HTTP_PROXY_ALLOWED: 'true',
      K3S_KUBECONFIG_MODE: '644',
      CLUSTER_CIDR: 'x',
    })
    expect(meaninglessVariables(environment).map(({ name }) => name)).toEqual([
      'K3S_CLUSTER_CIDR',
      'K3S_FLANNEL_BACKEND',
      'K3S_NODE_IP',
      'K3S_DISABLE',
    ])
  })

  test('and flags that are secret in the catalogue are masked wherever they are read', () => {
    const secret = allFlags.filter((flag) => flag.isSecret === true)
    const names = secret.flatMap((flag) => [flag.name, ...(flag.environment === undefined ? [] : [flag.environment])])
    expect(names.length).toBeGreaterThan(4)
    expect(names.filter((name) => !isSecretKey(name))).toEqual([])
    expect(
      ['token-file', 'K3S_TOKEN_FILE', 'vpn-auth-file', 'secrets-encryption', 'etcd-s3-config-secret'].filter(
        isSecretKey,
      ),
    ).toEqual([])
  })
})

describe('a file of variables', () => {
  function read(
    text: string,
    reader: 'systemd' | 'shell' = 'systemd',
  ): readonly [readonly string[], readonly string[]] {
    const { environment, problems } = readEnvironmentFile('k3s.service.env', text, reader)
    return [
      environment.map(({ name, value }) => `${name}=${value}`),
      problems.map(({ code, place }) => `${code}@${place.line}`),
    ]
  }
  const cases: readonly (readonly [name: string, text: string, expected: readonly string[]])[] = [
    ['plain values', 'K3S_URL=https://10.0.0.1:6443\nA=b\n', ['K3S_URL=https://10.0.0.1:6443', 'A=b']],
    [
      'quoted values, as the installer writes them',
      `K3S_URL='https://10.0.0.1:6443'\nA="b c"\n`,
      ['K3S_URL=https://10.0.0.1:6443', 'A=b c'],
    ],
    ['comments and empty lines', '# x\n; y\n\nA=b\n', ['A=b']],
    ['an equals sign in a value', 'A=b=c\n', ['A=b=c']],
    ['a hash in a value', 'A=b#c # d\n', ['A=b#c # d']],
    ['blanks around a value', 'A=  b c  \n', ['A=b c']],
    ['quoted blanks', 'A="  b  "  \n', ['A=  b  ']],
    ['an empty value', 'A=\nB=""\n', ['A=', 'B=']],
    ['a value over two lines', 'A=b\\\nc\nB=d\n', ['A=bc', 'B=d']],
    ['a quoted value over two lines', 'A="b\nc"\nB=d\n', ['A=b\nc', 'B=d']],
    ['escapes', `A=a\\"b\nB="a\\"b\\x"\nC='a\\b'\n`, ['A=a"b', 'B=a"b\\x', 'C=a\\b']],
    ['no expansion', `A=\${HOME}/x\n`, [`A=\${HOME}/x`]],
    ['Windows line ends', 'A=b\r\nB=c\r\n', ['A=b', 'B=c']],
    [
      'secrets behind a mask',
      'K3S_TOKEN=abc\nK3S_TOKEN_FILE=/x\nAWS_SECRET_ACCESS_KEY=x\nK3S_AGENT_TOKEN=\n',
      ['K3S_TOKEN=********', 'K3S_TOKEN_FILE=/x', 'AWS_SECRET_ACCESS_KEY=********', 'K3S_AGENT_TOKEN='],
    ],
  ]
  for (const [name, text, expected] of cases) {
    test(`has ${name}`, () => {
      expect(read(text)).toEqual([expected, []])
    })
  }

  test('says which lines are skipped', () => {
    expect(read('A=b\nnonsense\n1A=b\nA B=c\n')).toEqual([
      ['A=b'],
      ['ENVIRONMENT_LINE_UNREADABLE@2', 'ENVIRONMENT_LINE_UNREADABLE@3', 'ENVIRONMENT_LINE_UNREADABLE@4'],
    ])
  })

  test('with "export" is for a shell, and systemd skips it', () => {
    expect(read('export A=b\n', 'shell')).toEqual([['A=b'], []])
    expect(read('export A=b\n', 'systemd')).toEqual([[], ['ENVIRONMENT_EXPORT@1']])
  })

  test('that a shell reads ends a value at a blank, and is not guessed where the shell expands', () => {
    expect(read(`A=b # c\nB="c d" # e\nC=https://[fd00::1]:6443\nD=\\$x\nE='$x'\n`, 'shell')).toEqual([
      ['A=b', 'B=c d', 'C=https://[fd00::1]:6443', 'D=$x', 'E=$x'],
      [],
    ])
    expect(read('A="$HOME/x"\nB=`date`\n', 'shell')).toEqual([
      [],
      ['ENVIRONMENT_NOT_PLAIN@1', 'ENVIRONMENT_NOT_PLAIN@2'],
    ])
  })

  test('shows none of its lines when there is a secret on one', () => {
    const { environment, problems } = readEnvironmentFile(
      'e',
      'A=b\nK3S_TOKEN="s3cr3t\nrest of s3cr3t"\nrest of s3cr3t\n',
    )
    expect(JSON.stringify([environment, problems])).not.toContain('s3cr3t')
    expect(problems).toHaveLength(1)
  })
})

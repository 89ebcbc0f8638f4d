import fc from 'fast-check'
import type { ConfigEntry, ConfigValue, NodeConfigReading } from '../../src/domain/k3s-config-reading.ts'
import { at } from '../lab/lint-subject.ts'
import { configFile, dropIn, entry, list, mainFile, nodeConfig, scalar } from '../lint/config-file/node-config.ts'
import { text } from './arbitrary-settings.ts'

const keys = fc.constantFrom(
  ...[
    'disable',
    'disable+',
    'node-ip',
    'i',
    'token',
    't',
    'cluster-cidr',
    'tls-san+',
    'flannel-backend+',
    'node-label',
  ],
  ...['write-kubeconfig-mode', 'cluster-init', 'cluster-int', 'flannel-backed', 'debug', 'bind-address'],
)

const awkwardScalars: readonly ConfigValue[] = [
  scalar('420', { type: 'integer', source: '0644' }),
  scalar('true', { type: 'boolean', source: 'yes' }),
  scalar('true', { isQuoted: true }),
  scalar('', { type: 'null', source: '~' }),
  scalar('traefik, servicelb'),
  scalar('10.42.0.0/16, fd00:42::/56'),
  scalar('1e3', { type: 'float' }),
  list(scalar('traefik'), scalar('servicelb')),
  list(),
  { kind: 'map' },
  list({ kind: 'map' }),
]

const value: fc.Arbitrary<ConfigValue | string> = fc.oneof(fc.constantFrom(...awkwardScalars), text)

const entries: fc.Arbitrary<readonly ConfigEntry[]> = fc.array(
  fc.tuple(keys, value).map(([key, one]) => entry(key, one)),
  { maxLength: 5 },
)

const files = fc
  .tuple(entries, fc.subarray([dropIn('10-a.yaml'), dropIn('50-fairlead.yaml'), dropIn('99-z.yaml')]), entries)
  .map(([first, others, second]) => [
    configFile(first, mainFile, first.length === 2 ? 2 : 1),
    ...others.map((path) => configFile(second, path)),
  ])

/** K3s's own configuration as somebody could have left it on a machine. */
export const anyConfig: fc.Arbitrary<NodeConfigReading> = fc
  .record({
    files,
    ignored: fc.subarray([at(dropIn('README.md')), at(dropIn('old.yml.bak'))]),
    words: fc.dictionary(keys, text, { maxKeys: 3 }),
    environment: fc.dictionary(
      fc.constantFrom(
        'K3S_URL',
        'K3S_TOKEN',
        'K3S_CLUSTER_CIDR',
        'K3S_SERVICE_CIDR',
        'K3S_NODE_NAME',
        'K3S_CONFIG_FILE',
      ),
      text,
      { maxKeys: 2 },
    ),
  })
  .map(({ ignored, words, ...rest }) => nodeConfig({ ...rest, ignoredFiles: ignored, arguments: words }))

import { describe, expect, test } from 'vitest'
import { markObject, ownerHash } from '../../../src/plan/deploy/object-marks.ts'

/** @see k3s-packaged-components §2.6; the last four were recorded from K3s v1.21.2. */
const hashes = {
  coredns: 'bce283298811743a0386ab510f2f67ef74240c57',
  traefik: 'd54a3cde895c2fa53d0b51458a7ae1923737ef63',
  ccm: '5089468545c5482413c7f05e837e9b88f02ad052',
  'local-storage': '183f35c65ffbc3064603f43f1580d8c68a2dabd4',
  rolebindings: '6907b6d8deee71490cc29394fcd77ae2feeee248',
  runtimes: '57231bea9658cf25fcdac23f1c5685ac7bbcf983',
  'metrics-server-deployment': 'e10e245e13e46a725c9dddd4f9eb239f147774fd',
  'metrics-apiservice': '54b5eb8b3ff563ca319415761629c9cbfaefe2a6',
  'my-app': '7146db1d8a8a7e05dd36de517dfaa62e86328999',
  's01-single': 'b3669cc14c1c467c6aa16ab24b00e17b37352d52',
  'S12-Upper': '54633a20d9e51893ea9f0aac5758023409ed56fa',
  s13_underscore: '3445b0b0c94e79917d5cf98b97ab46e04e19e913',
  'traefik-custom': '5323733804a941ced3824043f2bcdf7301ca3afd',
}

describe('the hash of an Addon', () => {
  for (const [addon, hash] of Object.entries(hashes)) {
    test(addon, () => {
      expect(ownerHash(addon)).toBe(hash)
    })
  }
})

test('marks come on top of what the object has', () => {
  const object = { kind: 'ConfigMap', metadata: { name: 'a', labels: { mine: '1' }, annotations: { note: 'x' } } }
  expect(markObject(object, 'my-app')).toEqual({
    kind: 'ConfigMap',
    metadata: {
      name: 'a',
      labels: { mine: '1', 'objectset.rio.cattle.io/hash': hashes['my-app'] },
      annotations: {
        note: 'x',
        'objectset.rio.cattle.io/id': '',
        'objectset.rio.cattle.io/owner-gvk': 'k3s.cattle.io/v1, Kind=Addon',
        'objectset.rio.cattle.io/owner-name': 'my-app',
        'objectset.rio.cattle.io/owner-namespace': 'kube-system',
      },
    },
  })
})

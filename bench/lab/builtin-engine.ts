import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openManifestFiles } from '../../src/adapters/disk/manifest-files.ts'
import { gzipCodec } from '../../src/adapters/kube/applied-codec.ts'
import { eventRecorder } from '../../src/adapters/kube/event-recorder.ts'
import { openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import { deployRules } from '../../src/plan/deploy/deploy-rules.ts'
import { freshMemory } from '../../src/plan/deploy/file-gates.ts'
import { protective } from '../../src/plan/deploy/safeguards.ts'
import { ensureAddons } from '../../src/reconcile/deploy/ensure-addons.ts'
import { type RanPass, runDeployPass } from '../../src/reconcile/deploy/run-deploy-pass.ts'

/** A manifests directory of its own, deployed by our engine. */
export interface BuiltinEngine {
  /** Objects by file, as many as there are names. */
  write(objects: readonly KubernetesObject[], files: number): void
  /** From opening the kubeconfig until the pass is over, in milliseconds, as a process that just started does it. */
  pass(): Promise<number>
  remove(): void
}

export function builtinEngine(kubeconfig: string): BuiltinEngine {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-bench-builtin-'))
  const directory = join(root, 'var/lib/rancher/k3s/server/manifests')
  mkdirSync(directory, { recursive: true })
  return {
    write(objects, files) {
      const perFile = Math.ceil(objects.length / files)
      for (let at = 0; at < files; at += 1) {
        const part = objects.slice(at * perFile, (at + 1) * perFile)
        writeFileSync(join(directory, `part-${at}.yaml`), part.map((object) => JSON.stringify(object)).join('\n---\n'))
      }
    },
    async pass() {
      const startedAt = performance.now()
      const ran = await freshPass(kubeconfig, root)
      const ms = performance.now() - startedAt
      if (ran.errors.length > 0) throw new Error(ran.errors.join('\n'))
      return ms
    },
    remove: () => rmSync(root, { recursive: true }),
  }
}

async function freshPass(kubeconfig: string, root: string): Promise<RanPass> {
  const version = parseK3sVersion('v1.36.3+k3s1')
  if (version === undefined) throw new Error('no release')
  const ended = new AbortController()
  const clock = systemClock()
  const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, ended.signal, { manager: 'deploy@bench' })
  try {
    await ensureAddons({ objects, clock }, ended.signal)
    const events = eventRecorder(objects, clock, { component: 'deploy', host: 'bench' }, ended.signal)
    const ran = await runDeployPass(
      {
        disabled: [],
        memory: freshMemory,
        scope: 'all',
        known: new Map(),
        rules: deployRules(version),
        safeguards: protective,
        codec: gzipCodec,
      },
      { files: openManifestFiles({ root }), objects, events },
      ended.signal,
    )
    // Told of is part of done.
    await events.flush()
    return ran
  } finally {
    await objects.close()
  }
}

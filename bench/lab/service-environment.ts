import { readFileSync } from 'node:fs'

/** What a service of `deploy/systemd` tells the allocator of its process: memory is measured as it is deployed. */
export function allocatorEnvironment(service: string): Readonly<Record<string, string>> {
  const text = readFileSync(new URL(`../../deploy/systemd/${service}`, import.meta.url), 'utf8')
  const told = [...text.matchAll(/^Environment=(MALLOC_\w+)=(\S+)$/gm)]
  return Object.fromEntries(told.map(([, name = '', value = '']) => [name, value]))
}

import { carrierUp, type Namespaces } from './lab.ts'
import { lines } from './scaffold.ts'

/** What other people and programs do to the routes and links of one namespace. */
export interface RouteFaults {
  /** Arguments of `ip route del`: `10.60.0.0/16`, or with `via`, `metric`, `table`. */
  deleteRoute(route: string): Promise<void>
  /** Arguments of `ip route replace`, under another protocol than ours. */
  replaceRoute(route: string): Promise<void>
  /** The destination of a route becomes a hole. @param route destination, and whatever else identifies the route */
  blackholeRoute(route: string): Promise<void>
  /** `ip route flush table main`, both families: connected routes are gone with the rest. */
  flushMain(): Promise<void>
  /** Every routing rule but the kernel's three. */
  flushRules(): Promise<void>
  linkDown(device: string): Promise<void>
  /** Resolves once the device carries packets again. */
  linkUp(device: string): Promise<void>
  /** Down and up: the IPv4 routes of the device go without an event. */
  linkFlap(device: string): Promise<void>
  removeAddress(address: string, device: string): Promise<void>
  addAddress(address: string, device: string): Promise<void>
  deleteLink(device: string): Promise<void>
  flushNeighbours(device: string): Promise<void>
  /** `count` routes of somebody else appear: monitors that do not read meanwhile lose events. */
  routeStorm(count: number, device: string): Promise<void>
  /** Value of one key below `/proc/sys`. */
  sysctl(path: string, value: string): Promise<void>
}

export function routeFaults<Name extends string>(lab: Namespaces<Name>, ns: Name): RouteFaults {
  const ip = async (...argv: readonly string[]): Promise<void> => {
    await lab.x(ns, ['ip', ...argv])
  }
  const route = async (verb: string, text: string, ...more: readonly string[]): Promise<void> => {
    const family = text.includes(':') ? ['-6'] : []
    await ip(...family, 'route', verb, ...more, ...text.split(' '))
  }
  const linkUp = async (device: string): Promise<void> => {
    await ip('link', 'set', device, 'up')
    await carrierUp(lab, ns, [device])
  }
  return {
    deleteRoute: (text) => route('del', text),
    replaceRoute: (text) => route('replace', text),
    blackholeRoute: (text) => route('replace', text, 'blackhole'),
    flushMain: async () => {
      await ip('route', 'flush', 'table', 'main')
      await ip('-6', 'route', 'flush', 'table', 'main')
    },
    flushRules: async () => {
      for (const family of ['-4', '-6']) {
        await ip(family, 'rule', 'flush')
        // The flush leaves the kernel's rule for `local` and takes the other two.
        await ip(family, 'rule', 'add', 'pref', '32766', 'lookup', 'main', 'protocol', 'kernel')
        if (family === '-4') await ip(family, 'rule', 'add', 'pref', '32767', 'lookup', 'default', 'protocol', 'kernel')
      }
    },
    linkDown: (device) => ip('link', 'set', device, 'down'),
    linkUp,
    linkFlap: async (device) => {
      await ip('link', 'set', device, 'down')
      await linkUp(device)
    },
    removeAddress: (address, device) => ip('addr', 'del', address, 'dev', device),
    addAddress: (address, device) =>
      ip('addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : [])),
    deleteLink: (device) => ip('link', 'delete', device),
    flushNeighbours: (device) => ip('neigh', 'flush', 'dev', device),
    routeStorm: async (count, device) => {
      const adds = Array.from(
        { length: count },
        (_, index) => `route add ${stormDestination(index)} dev ${device} table 900`,
      )
      await lab.x(ns, ['ip', '-batch', '-'], lines(adds))
    },
    sysctl: async (path, value) => {
      await lab.x(ns, ['/bin/sh', '-c', 'printf %s "$1" > "/proc/sys/$2"', 'sh', value, path])
    },
  }
}

/** Takes the carrier from the other end of a link, as a cable that is pulled. @returns what plugs it in again */
export async function pullCable<Name extends string>(
  lab: Namespaces<Name>,
  far: { readonly ns: Name; readonly device: string },
  near: { readonly ns: Name; readonly device: string },
): Promise<() => Promise<void>> {
  await lab.x(far.ns, ['ip', 'link', 'set', far.device, 'down'])
  return async () => {
    await lab.x(far.ns, ['ip', 'link', 'set', far.device, 'up'])
    await carrierUp(lab, far.ns, [far.device])
    await carrierUp(lab, near.ns, [near.device])
  }
}

function stormDestination(index: number): string {
  return `10.${200 + Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}/32`
}

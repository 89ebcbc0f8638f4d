import { expect, test } from 'vitest'
import { traefikApiVersion, traefikGroups } from '../../../src/k3s/traefik/crd-groups.ts'
import { redirectFragment } from '../../../src/k3s/traefik/redirect-shape.ts'
import { oldRuleParts } from '../../../src/k3s/traefik/rule-syntax.ts'
import { parseStaticArgument, removedArgument } from '../../../src/k3s/traefik/static-arguments.ts'

test('the API group follows the definitions of the chart', () => {
  const majors = [1, 9, 10, 12, 19, 21, 25, 27, 34, 40]
  expect(majors.map((major) => [major, traefikApiVersion(major), traefikGroups(major).length])).toEqual([
    [1, undefined, 0],
    ...[9, 10, 12, 19, 21].map((major) => [major, 'traefik.containo.us/v1alpha1', 1]),
    ...[25, 27].map((major) => [major, 'traefik.io/v1alpha1', 2]),
    ...[34, 40].map((major) => [major, 'traefik.io/v1alpha1', 1]),
  ])
})

test('the redirection of every era', () => {
  const entryPoint = { to: 'websecure', scheme: 'https', permanent: true }
  expect(redirectFragment(1)).toEqual({ ssl: { enabled: true, enforced: true } })
  for (const major of [9, 21, 24])
    expect(redirectFragment(major)).toEqual({ ports: { web: { redirectTo: 'websecure' } } })
  for (const major of [25, 27, 33]) {
    expect(redirectFragment(major)).toEqual({ ports: { web: { redirectTo: { port: 'websecure' } } } })
  }
  for (const major of [34, 37, 38])
    expect(redirectFragment(major)).toEqual({ ports: { web: { redirections: { entryPoint } } } })
  for (const major of [39, 40, 41]) {
    expect(redirectFragment(major)).toEqual({ ports: { web: { http: { redirections: { entryPoint } } } } })
  }
})

test.each([
  ['Host(`a.lan`) && PathPrefix(`/api`)', 0],
  ['HostRegexp(`^.+\\.a\\.lan$`)', 0],
  ['Host(`a.lan`) || Host(`b.lan`)', 0],
  ['Header(`X-A`, `b`) && Query(`a`, `b`)', 0],
  ['Host(`a.lan`,`b.lan`)', 1],
  ['HostRegexp(`{sub:[a-z]+}.a.lan`)', 1],
  ['HostRegexp(`{any}.a.lan`)', 1],
  ['PathPrefix(`/{id:[0-9]+}`)', 1],
  ['HeadersRegexp(`X-A`, `b.*`)', 1],
  ['Headers(`X-A`, `b`) && Query(`a=b`)', 2],
  ['', 0],
])('%s has %i parts of Traefik v2', (rule, count) => {
  expect(oldRuleParts(rule)).toHaveLength(count)
})

test('arguments are read as Traefik reads them, whatever their case', () => {
  expect(parseStaticArgument('--entryPoints.web.http.redirections.entryPoint.to=websecure')).toEqual({
    path: ['entrypoints', 'web', 'http', 'redirections', 'entrypoint', 'to'],
    value: 'websecure',
  })
  expect(parseStaticArgument('--ping')).toEqual({ path: ['ping'] })
  expect(parseStaticArgument('-api.insecure=true')).toEqual({ path: ['api', 'insecure'], value: 'true' })
  expect(parseStaticArgument('--a.b=c=d')).toEqual({ path: ['a', 'b'], value: 'c=d' })
  for (const text of ['ping', '-', '---ping', '--', '--a..b', '--a.', '-- a=b', ''])
    expect(parseStaticArgument(text)).toBeUndefined()
})

test('an option that is gone takes everything below it along, and no option that begins like it', () => {
  const isGone = (text: string): boolean => {
    const argument = parseStaticArgument(text)
    return argument !== undefined && removedArgument(argument) !== undefined
  }
  expect(isGone('--pilot.token=x')).toBe(true)
  expect(isGone('--metrics.influxDB=true')).toBe(true)
  expect(isGone('--metrics.influxdb2.address=x')).toBe(false)
  expect(isGone('--tracing.otlp=true')).toBe(false)
})

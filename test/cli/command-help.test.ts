import { describe, expect, test } from 'vitest'
import { newCommand, settingFlags } from '../../src/cli/command-line.ts'
import { commands } from '../../src/cli/commands.ts'
import { settingSpecs } from '../../src/settings.ts'

const helpOf = new Map(commands.map((spec) => [spec.name, { spec, help: newCommand(spec).helpInformation() }]))

describe('help', () => {
  test.each(['doctor', 'capture', 'status', 'drift', 'history'])(
    'of %s, which only reads, promises no writing',
    (name) => {
      const { help = '' } = helpOf.get(name) ?? {}
      expect(help).toContain('--root <dir>')
      expect(help).not.toMatch(/written to/)
    },
  )

  test('of explain is about rules as well as about fields', () => {
    const { spec } = helpOf.get('explain') ?? {}
    expect(spec?.summary).toMatch(/field.* rule/)
    expect(spec?.notes).toMatch(/explain net-overlap/)
  })

  test('of validate says what lint does beside it', () => {
    expect(helpOf.get('validate')?.spec.notes).toMatch(/finds what fairlead lint finds.*lint also looks at captures/s)
  })
})

test.each(commands.map((spec) => [spec.name, spec] as const))('every setting of %s arrives by its flag', (_, spec) => {
  const written = spec.settings.map((key) => {
    const { flag } = settingSpecs[key]
    const [name = '', value] = flag.split(' ')
    return { key, words: value === undefined ? [name] : [name, 'x'], value: value === undefined ? true : 'x' }
  })
  const command = newCommand(spec)
  command.parseOptions(written.flatMap(({ words }) => words))
  expect(settingFlags(spec, command.opts())).toEqual(Object.fromEntries(written.map(({ key, value }) => [key, value])))
})

import { expect, test } from 'vitest'
import { gitEnvironment, sshCommand } from '../../../src/adapters/git/git-environment.ts'

test('ssh asks nobody, trusts only the named host keys and offers only the named key', () => {
  expect(sshCommand({ knownHostsFile: '/etc/fairlead/known_hosts', sshKeyFile: '/etc/fairlead/key' })).toBe(
    'ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no -o ConnectTimeout=15 ' +
      '-o ServerAliveInterval=15 -o ServerAliveCountMax=3 -o ForwardAgent=no -o ClearAllForwardings=yes ' +
      '-o PermitLocalCommand=no -o ControlMaster=no -o ControlPath=none ' +
      '-o UserKnownHostsFile=/etc/fairlead/known_hosts -o GlobalKnownHostsFile=/dev/null ' +
      '-o IdentityFile=/etc/fairlead/key -o IdentitiesOnly=yes -o IdentityAgent=none',
  )
})

for (const path of [
  '/tmp/x; touch /tmp/y',
  '/tmp/$(id)',
  '/tmp/a b',
  "/tmp/'x'",
  'relative',
  '/tmp/%h',
  '/tmp/x\ny',
  '/tmp/`id`',
]) {
  test(`${JSON.stringify(path)} cannot get into the text that a shell reads`, () => {
    const refusal = expect.objectContaining({ detail: expect.objectContaining({ code: 'GIT_SETTINGS_INVALID' }) })
    expect(() => sshCommand({ sshKeyFile: path })).toThrow(refusal)
    expect(() => sshCommand({ knownHostsFile: path })).toThrow(refusal)
  })
}

test('git inherits nothing, reads no configuration of the machine and speaks only what it is told', () => {
  const environment = gitEnvironment({ protocols: ['ssh', 'file'] })
  expect(environment).toMatchObject({
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'ssh:file',
    HOME: '/nonexistent',
  })
  expect(Object.keys(environment).filter((name) => !/^(?:GIT_|PATH$|HOME$|LC_ALL$)/.test(name))).toEqual([])
  expect(Object.values(environment)).not.toContain('safe.directory')
})

test('commands that stay on the machine may speak no protocol at all', () => {
  expect(gitEnvironment({ protocols: [] })['GIT_ALLOW_PROTOCOL']).toBe('')
})

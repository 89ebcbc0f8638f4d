/** `fairlead panic` for the network namespace that this process was started in: `node run-panic.ts <root>`. */
import { panicCommand } from '../../src/cli/panic.ts'
import { callOf, fakeTerminal } from '../cli/fake-terminal.ts'

const terminal = fakeTerminal('/')
process.exitCode = await panicCommand(callOf(terminal, { flags: { root: process.argv[2] ?? '' } }))
process.stdout.write(terminal.out.text)
process.stderr.write(terminal.err.text)

import type { ShellPrograms } from './print-rollback.ts'
import { quoteForShell } from './shell-quote.ts'

/**
 * Two watches in a session of their own. One blocks on a pipe whose only other end the agent holds: however it dies, the
 * kernel closes it. The other sleeps until the deadline, on a clock that nobody sets, so that an agent that hangs is no
 * obstacle. Either one alone takes the change back; `rollback.sh` settles who does, and ends at once after a confirmation.
 *
 * @param seconds until the deadline, whole: no more is promised by sleep(1) of POSIX
 */
export function printWatchdog(input: {
  readonly directory: string
  readonly seconds: number
  readonly programs: Pick<ShellPrograms, 'sh' | 'sleep'>
}): string {
  if (!Number.isInteger(input.seconds) || input.seconds < 1) throw new Error(`${input.seconds} is no number of seconds`)
  return `#!/bin/sh
# Takes the change back when its time is over, or when the process that holds the other end of the input is gone.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077
dir=${quoteForShell(input.directory)}
sh=${quoteForShell(input.programs.sh)}
exec 3<&0 </dev/null
${quoteForShell(input.programs.sleep)} ${input.seconds} 3<&- &
sleeper=$!
{
  read -r line <&3
  "$sh" "$dir/rollback.sh" agent-died 3<&-
  kill "$sleeper" 2>/dev/null
} 3<&3 &
reader=$!
exec 3<&-
printf '%s %s %s\\n' "$$" "$sleeper" "$reader" >"$dir/watchdog.pids"
wait "$sleeper"
"$sh" "$dir/rollback.sh" deadline
kill "$reader" 2>/dev/null
exit 0
`
}

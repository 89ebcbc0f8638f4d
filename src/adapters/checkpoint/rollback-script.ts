/**
 * The fixed parts of `rollback.sh`. What it relies on, all of POSIX:
 *
 * - `ln` without `-f` makes a name or fails, in one step: `decision` is linked once, by whoever comes first, and says
 *   whether the change is confirmed or taken back. The texts are there before the change, so a full disk takes nothing away.
 * - `runner.<n>` names who carries the steps out. A runner that is gone leaves its number, and the next one takes n + 1.
 * - A disk that refuses all of that does not keep the steps from being run.
 *
 * Exit status: 0 taken back, 1 the steps failed, 3 the change was confirmed, 4 somebody else still takes it back.
 */
export const rollbackHead = `#!/bin/sh
# Takes a change of this node's network back. Written before the change; may be run again at any time, by hand as well:
#   sh rollback.sh asked
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077
exec </dev/null`

const functions = `mode=\${1:-asked}
log() {
  read -r up idle </proc/uptime
  printf '%s %s %s: %s\\n' "$up" "$$" "$mode" "$*" >>"$dir/rollback.log"
} 2>/dev/null
# Clock ticks at which a process started; nothing when it is gone.
ticks() {
  { read -r stat </proc/"$1"/stat; } 2>/dev/null || return 0
  set -- \${stat##*) }
  case $1 in Z | X) return 0 ;; esac
  printf '%s' "\${20}"
}
pause() { "$sleep" 0.2 2>/dev/null || "$sleep" 1; }
run_logged() {
  number=$1
  shift
  said=$(limited "$@" 2>&1)
  status=$?
  [ "$status" -eq 0 ] || log "step $number: exit status $status: $said"
  return "$status"
}
must() { run_logged "$@"; }
may() { run_logged "$@"; }
holds() { limited "$@" >/dev/null 2>&1; }
gone() {
  number=$1
  shift
  round=0
  while [ "$round" -lt 50 ]; do
    limited "$@" >/dev/null 2>&1
    status=$?
    # 4: a lock of iptables that was not free in time; 124 and above: ended by a signal. Neither says that it is gone.
    [ "$status" -eq 4 ] || [ "$status" -ge 124 ] && { log "step $number: exit status $status"; return 1; }
    [ "$status" -eq 0 ] || return 0
    round=$((round + 1))
  done
  log "step $number: still there after $round times"
  return 1
}
# A program that the agent had begun goes on without it, and would write after us: it is ended, and waited for.
end_writers() {
  [ -n "$mark" ] && [ "$mode" != boot ] || return 0
  # Who armed the change and lives looks after it himself.
  [ "$mode" = agent-died ] || [ "$(ticks "$writer")" != "$writer_start" ] || return 0
  unset FAIRLEAD_OWNER
  for file in $(grep -l -F -e "$mark" /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}
    pid=\${pid%%/*}
    [ "$pid" != "$$" ] || continue
    kill -9 "$pid" 2>/dev/null || continue
    log "ended process $pid of the agent"
    waited=0
    while [ -n "$(ticks "$pid")" ] && [ "$waited" -lt 25 ]; do
      waited=$((waited + 1))
      pause
    done
  done
}
put() {
  # No such setting any more: its interface is gone, and its value with it.
  [ -e "$2" ] || return 0
  { printf '%s\\n' "$3" >"$2"; } 2>/dev/null || { log "step $1: $2 cannot be written"; return 1; }
}`

const course = `# Who decides: confirmed or taken back, once and for all.
case $mode in
  deadline | agent-died | boot | asked | again) ;;
  *) printf 'usage: rollback.sh [deadline|agent-died|boot|asked|again]\\n' >&2; exit 64 ;;
esac
"$ln" "$dir/decisions/$mode" "$dir/decision" 2>/dev/null
word=
{ read -r word rest <"$dir/decision"; } 2>/dev/null
if [ "$word" = confirmed ]; then
  log 'confirmed: nothing is taken back'
  exit 3
fi
# Who carries it out: one at a time, and the next one when that one is gone.
{ read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
mine="$dir/runner-$$"
{ printf '%s %s %s\\n' "$$" "$(ticks "$$")" "$boot" >"$mine"; } 2>/dev/null
n=1
waited=0
while ! "$ln" "$mine" "$dir/runner.$n" 2>/dev/null; do
  [ -s "$dir/runner.$n" ] || break
  read -r pid start born <"$dir/runner.$n"
  if [ -n "$start" ] && [ "$born" = "$boot" ] && [ "$(ticks "$pid")" = "$start" ]; then
    [ "$waited" -lt 300 ] || { "$rm" -f "$mine"; exit 4; }
    waited=$((waited + 1))
    pause
  else
    n=$((n + 1))
  fi
done
"$rm" -f "$mine" 2>/dev/null
if [ "$mode" = again ]; then
  "$rm" -f "$dir/outcome" 2>/dev/null
elif [ -e "$dir/outcome" ]; then
  exit 0
fi
log 'taking the change back'
end_writers
tries=5
# Right after a start the kernel is empty: what a step misses is not there to be taken back.
[ "$mode" = boot ] && tries=1
try=1
while :; do
  failed=0
  steps
  [ "$failed" -eq 0 ] && break
  [ "$try" -ge "$tries" ] && break
  try=$((try + 1))
  pause
done
if [ "$failed" -eq 0 ] || [ "$mode" = boot ]; then
  "$ln" "$dir/decisions/done" "$dir/outcome" 2>/dev/null
  log "taken back, after $try tries"
  exit 0
fi
log "the steps failed $try times"
if [ "$has_emergency" -eq 1 ]; then
  said=$("$sh" "$dir/emergency.sh" --filter-only 2>&1)
  log "emergency: exit status $?: $said"
fi
"$ln" "$dir/decisions/failed" "$dir/outcome" 2>/dev/null
exit 1
`

export const rollbackTail = { functions, course } as const

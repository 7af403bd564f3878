#!/bin/bash
# Each read of the supervisor takes 4 ms longer than it should (strace does that), so that what md does between two of them shows: many
# short checks, after each of which the array must be let go. md is write-pending at the end of a check without notifying anybody of it.
# mdmon misses that now and then, and the next writer waits for ever.
. "$LAB/guest-lib.sh"

rounds=60
disks 3 48M
container imsm0 "${DISKS[@]}"
volume vol0 5 3 8M imsm0
rest vol0
md=/sys/block/$(md vol0)/md
pid=$(supervisor "$(container_of vol0)")
threads=()
for thread in "/proc/$pid/task"/*; do threads+=(-p "${thread##*/}"); done
strace "${threads[@]}" -e trace=read,pread64 -e inject=read,pread64:delay_exit=4000 -o /out/reads >/out/strace 2>&1 &
tracer=$!
traced() { [ -s /out/reads ]; }

stuck=0
for ((round = 1; round <= rounds; round++)); do
    echo check >"$md/sync_action"
    expect 30 is "$md/sync_action" idle
    for ((look = 0; look < 40; look++)); do
        is "$md/array_state" write-pending || continue 2
        pause 0.1
    done
    stuck=$((stuck + 1))
    say "write-pending 4 s after check $round"
    echo active >"$md/array_state"
done
traced || fail "strace saw no read of process $pid: $(cat /out/strace)"
kill "$tracer"
expect 10 ended "$tracer"
say "$stuck of $rounds times the array was left write-pending, with $(wc -l </out/reads) reads"
if [ "$SUPERVISOR" = mdmon ]; then
    [ "$stuck" -gt 0 ] || fail "known of mdmon: it misses an array that is write-pending; here it did not, so nothing is tested"
else
    [ "$stuck" = 0 ] || fail "$stuck of $rounds times the array was left write-pending"
fi
stop_all

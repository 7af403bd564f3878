#!/bin/bash
# HANDOFFS (10 if not given) handoffs in a row by `mdmon --all --takeover`, as a package's upgrade does them, under a load of first
# writes, one at a time, with a safe_mode_delay that was set by hand; RUNS times (1 if not given), beside BUSY processes (none if not
# given) that only take processor time. Each takeover ends well and is a handoff: another process supervises, the one before it is
# gone soon, safe_mode_delay is what was set, and no write fails or waits long.
. "$LAB/guest-lib.sh"

rm -f "$ACTORRAID_LOG" # of an earlier run
disks 4 64M
container imsm0 "${DISKS[@]}"
volume vol0 1 2 20M imsm0
rest vol0
home=$(container_of vol0)
device=$(md vol0)
echo 0.001 >"$(attribute vol0 safe_mode_delay)"
delay=$(get vol0 safe_mode_delay)
spinning=()
for _ in $(seq 1 "${BUSY:-0}"); do
    while :; do :; done &
    spinning+=($!)
done
for run in $(seq 1 "${RUNS:-1}"); do
    python3 one-by-one.py "/dev/$device" "$(attribute vol0 array_state)" 200 20 >"/out/writes.$run" 2>&1 &
    writer=$!
    for round in $(seq 1 "${HANDOFFS:-10}"); do
        before=$(supervisor "$home")
        mdmon --all --takeover >/out/takeover 2>&1 ||
            fail "run $run, takeover $round ended with status $?: $(cat /out/takeover); writes: $(cat "/out/writes.$run")"
        now=$(supervisor "$home")
        [ "$now" != "$before" ] || fail "run $run, takeover $round: process $before still supervises"
        ! has "$ACTORRAID_LOG" "no-handoff" ||
            fail "run $run, takeover $round was no handoff: $(grep no-handoff "$ACTORRAID_LOG")"
        that vol0 safe_mode_delay "$delay" ||
            fail "run $run, takeover $round: safe_mode_delay is $(get vol0 safe_mode_delay), not $delay"
        expect 10 ended "$before"
    done
    expect 60 ended "$writer"
    wait "$writer" || fail "run $run: $(cat "/out/writes.$run")"
    longest_write "/out/writes.$run"
    [ "$REPLY" -lt 5000 ] || fail "run $run: a write waited $REPLY ms"
    say "run $run: $(tail -n 1 "/out/writes.$run")"
done
[ "${BUSY:-0}" = 0 ] || kill "${spinning[@]}"
rest vol0
consistent vol0
expect 30 recorded_everywhere vol0 "Dirty State" clean $(legs vol0)
stop_all

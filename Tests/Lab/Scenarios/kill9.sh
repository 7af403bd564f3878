#!/bin/bash
# The supervisor is killed KILLS times (30 if not given) at random moments of a write load in which disks fail. Started again, it
# takes up everything: no write is lost or stuck, a check finds nothing. FAILURES=no leaves the disks alone: mdmon does not pass
# otherwise, as it never records the end of a rebuild that it was not there to see.
. "$LAB/guest-lib.sh"

disks 4 48M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 20M "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
home=$(container_of vol0)
device=/dev/$(md vol0)
echo 0.05 >"$(attribute vol0 safe_mode_delay)"
python3 load.py "$device" "$DATA/vol0" "$RANDOM_SEED" /disks/stop >/out/load.log 2>&1 &
load=$!

failed=
# renew: the disk that failed earlier comes back as a spare, once the rebuild is done
renew() {
    [ -n "$failed" ] && degraded vol0 0 && that vol0 sync_action idle && ! in_container "$(md vol0)" "$failed" || return 0
    quietly mdadm --remove "/dev/$home" "$failed"
    quietly mdadm --zero-superblock "$failed"
    quietly mdadm --add "/dev/$home" "$failed"
    failed=
}

for round in $(seq 1 "${KILLS:-30}"); do
    kill -0 "$load" || fail "the write load has ended: $(cat /out/load.log)"
    pause "$(printf '0.%03d' "$(random 0 400)")"
    what="kill"
    pid=$(supervisor "$home")
    if [ "${FAILURES:-yes}" = yes ] && [ -z "$failed" ] && [ "$(random 0 2)" = 0 ] && degraded vol0 0 && that vol0 sync_action idle; then
        slot=$(random 0 2)
        failed=$(leg vol0 "$slot")
        # By hand, so that the kill can fall at any moment of the chain that follows.
        echo faulty >"$(attribute vol0 "rd$slot")/state"
        what="$failed fails, kill"
        pause "$(printf '0.%03d' "$(random 0 300)")"
    fi
    kill -9 "$pid"
    pause "$(printf '0.%03d' "$(random 0 200)")"
    expect 10 ended "$pid"
    supervisor_start "$home"
    say "round $round: $what; state $(get vol0 array_state), $(get vol0 sync_action), degraded $(get vol0 degraded)"
    renew
done

: >/disks/stop
expect 60 ended "$load"
wait "$load" || fail "the write load failed: $(cat /out/load.log)"
say "$(tail -n 1 /out/load.log)"
expect 120 degraded vol0 0
rest vol0
consistent vol0
intact vol0
expect 30 recorded_everywhere vol0 "Dirty State" clean $(legs vol0)
stop_all

#!/bin/bash
# The machine is suspended for 20 s under a write load (everything but this script is stopped), and its clock is set:
# an hour forwards, and two hours back. Nothing is lost: no write hangs, no disk counts as hung, the watchdog is fed,
# whatever is due comes when it is due.
. "$LAB/guest-lib.sh"
python3 notify.py /run/notify /out/notify &
keep=$!
expect 10 test -S /run/notify
NOTIFY_SOCKET=/run/notify WATCHDOG_USEC=6000000 actorraid supervise --all --foreground 2>/out/service.log &
daemon=$!
expect 30 has /out/notify READY=1
disks 3 64M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 24M "${DISKS[@]}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
[ "$(supervisor "$home")" = "$daemon" ] || fail "not supervised by the service"
echo 0.2 >"$(attribute vol0 safe_mode_delay)"
python3 load.py "/dev/$(md vol0)" "$DATA/vol0" "$RANDOM_SEED" /disks/stop 500 >/out/load.log 2>&1 &
load=$!
pause 2

# everybody SIGNAL: every process of user space but this shell's own line
everybody() {
    local pid
    for pid in /proc/[0-9]*; do
        pid=${pid#/proc/}
        [ "$pid" = $$ ] || [ "$pid" = "$PPID" ] || [ "$pid" = 1 ] || [ "$pid" = "$keep" ] || [ ! -e "/proc/$pid/exe" ] || kill "-$1" "$pid" 2>/out/none || true
    done
}
# fed: REPLY is how often the watchdog was fed
fed() { REPLY=$(grep -c WATCHDOG=1 /out/notify || true); }

say "everything is stopped for 20 s"
everybody STOP
pause 20
everybody CONT
say "and goes on"
fed
before=$REPLY
more() { fed; [ "$REPLY" -gt "$before" ]; }
expect 4 more
writes() { wc -l </out/load.log; }
dd if=/dev/zero of=/out/none bs=1 count=0 status=none
for jump in "+1 hour" "-2 hours"; do
    date -s "$jump" >/out/none
    say "the clock is set: $jump"
    fed
    before=$REPLY
    expect 8 more
    fed
    before=$REPLY
    expect 8 more
    # Something that waits for a timer: a disk that fails is replaced.
    actorraid status >/out/status || fail "status: $(cat /out/status)"
done
fail_disk vol0 "${DISKS[2]}"
expect 20 degraded vol0 1
date -s "+3 hours" >/out/none
adopt_failed() { quietly mdadm --remove "/dev/$home" "${DISKS[2]}"; adopt "$home" "${DISKS[2]}"; }
adopt_failed
expect 60 degraded vol0 0
: >/disks/stop
expect 30 ended "$load"
wait "$load" || fail "the write load failed: $(cat /out/load.log)"
say "$(tail -n 1 /out/load.log)"
rest vol0
intact vol0
consistent vol0
! grep -E ' (disk-hangs|host-failed|stalled|array-actor-restarted|stuck|not-fed) ' "$ACTORRAID_LOG" || fail "a false alarm"
[ "$(grep -c ' leg-failed ' "$ACTORRAID_LOG")" = 1 ] || fail "another leg failed"
stop_all

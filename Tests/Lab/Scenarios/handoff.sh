#!/bin/bash
# HANDOFFS (8 if not given) handoffs in a row between daemons of ActorRaid while two containers are written and pinged without a break: no write
# fails, none waits long, no ping meets an error, and all is intact. The same load without a handoff, but with other
# processes of the program, is measured first.
. "$LAB/guest-lib.sh"

disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
container imsm1 "${DISKS[@]:3:2}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 20M "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol1 -l 1 -n 2 -z 20M "${DISKS[@]:3:2}"
settle
for volume in vol0 vol1; do
    rest $volume
    fill $volume
    echo 0.05 >"$(attribute $volume safe_mode_delay)"
done

# load NAME: writes and pings begin; end_load NAME: they end, and say how it was
load() {
    rm -f /disks/stop
    for volume in vol0 vol1; do
        home=$(container_of $volume)
        python3 load.py "/dev/$(md $volume)" "$DATA/$volume" "$RANDOM_SEED" /disks/stop 200 >"/out/$1-$volume.load" 2>&1 &
        python3 ping.py "/run/mdadm/$home.sock" "/run/mdadm/$home.pid" /disks/stop >"/out/$1-$volume.ping" 2>&1 &
    done
}
end_load() {
    : >/disks/stop
    local each status=0
    for each in $(jobs -p); do wait "$each" || status=$?; done
    for each in /out/"$1"-*; do say "$(basename "$each"): $(tail -n 3 "$each")"; done
    [ $status = 0 ] || fail "a write or a ping failed ($1)"
}

# Asked for later, and passed on to every successor: spared at shutdown.
spared() { [ "$(head -c 1 "/proc/$(supervisor "$(container_of vol0)")/cmdline")" = @ ]; }
not spared || fail "the daemon is marked with @ already"
mdmon --offroot "$(container_of vol0)" || status=$?
[ "${status:-0}" = 3 ] || fail "mdmon --offroot ended with ${status:-0} where another one supervises"
spared || fail "the daemon is not marked with @ after mdmon --offroot"

# A process of the same kind begins and ends now and then here too: on the guest's one processor that alone holds others up.
load quiet
until [ "$SECONDS" -ge "${until:=$((SECONDS + ${QUIET:-15}))}" ]; do actorraid config >/out/config.txt || fail "actorraid config ended with status $?"; done
end_load quiet

load handoffs
first=$(supervisor "$(container_of vol0)")
for round in $(seq 1 "${HANDOFFS:-8}"); do
    before=$(supervisor "$(container_of vol0)")
    actorraid supervise --takeover || fail "handoff $round ended with status $?"
    now=$(supervisor "$(container_of vol0)")
    [ "$now" != "$before" ] || fail "handoff $round: process $before still has the containers"
    [ "$now" = "$(supervisor "$(container_of vol1)")" ] || fail "handoff $round: the containers are not with one process"
    expect 10 ended "$before"
done
end_load handoffs
spared || fail "the successors are not marked with @"
say "$round handoffs, process $first to $now"
longest_write /out/quiet-*.load
before=$REPLY
longest_write /out/handoffs-*.load
say "longest write: $before ms without, $REPLY ms with handoffs"
# On a busy machine everything waits: judged where LIMIT (ms) is given.
[ -z "${LIMIT:-}" ] || [ "$REPLY" -le $((before + LIMIT)) ] || fail "a write waited $REPLY ms, without handoffs at most $before ms"
for volume in vol0 vol1; do
    rest $volume
    consistent $volume
    intact $volume
    expect 30 recorded_everywhere $volume "Dirty State" clean $(legs $volume)
done
stop_all

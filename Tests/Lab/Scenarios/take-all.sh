#!/bin/bash
# Two containers that are written, with one process of ActorRaid: the distribution's mdmon takes both at once, and ours takes both back at once, as at
# boot, while /run cannot be written yet: it waits for that. Nothing is lost, and a disk that fails afterwards is dealt with.
. "$LAB/guest-lib.sh"

disks 6 48M
container imsm0 "${DISKS[@]:0:4}"
container imsm1 "${DISKS[@]:4:2}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 20M "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol1 -l 1 -n 2 -z 20M "${DISKS[@]:4:2}"
settle
for volume in vol0 vol1; do
    rest $volume
    fill $volume
    echo 0.05 >"$(attribute $volume safe_mode_delay)"
    python3 load.py "/dev/$(md $volume)" "$DATA/$volume" "$RANDOM_SEED" /disks/stop 200 >"/out/$volume.load" 2>&1 &
done
homes="$(container_of vol0) $(container_of vol1)"
# all_with PROGRAM: every container's supervisor is a living process of that program
all_with() {
    local home pid
    for home in $homes; do
        pid=$(supervisor "$home")
        [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == "$1"* ]] || return 1
    done
}
ours=$(supervisor "${homes%% *}")

/sbin/mdmon.distrib --all --takeover || fail "mdmon --all --takeover ended with status $?"
expect 30 all_with /sbin/mdmon.distrib
expect 60 ended "$ours"
say "both with mdmon, and process $ours has ended"

mount -o remount,ro /run
mdmon --all --takeover &
taking=$!
pause 2
kill -0 "$taking" || fail "mdmon --all --takeover has not waited for /run"
all_with /sbin/mdmon.distrib || fail "somebody has taken over without a /run to write to"
mount -o remount,rw /run
wait "$taking" || fail "mdmon --all --takeover ended with status $?"
expect 30 all_with mdmon
now=$(supervisor "${homes%% *}")
[ "$now" = "$(supervisor "${homes##* }")" ] || fail "the containers are not with one process"
[ "$(readlink "/proc/$now/exe")" != "/sbin/mdmon.distrib" ] || fail "process $now is the distribution's"
say "both with process $now"

fail_disk vol0 "${DISKS[1]}"
expect 60 whole vol0
: >/disks/stop
for each in $(jobs -p); do wait "$each" || fail "a write failed: $(cat /out/vol?.load)"; done
say "$(cat /out/vol0.load) / $(cat /out/vol1.load)"
for volume in vol0 vol1; do
    rest $volume
    consistent $volume
    intact $volume
    expect 30 recorded_everywhere $volume "Dirty State" clean $(legs $volume)
done
stop_all

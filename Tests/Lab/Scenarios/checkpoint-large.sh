#!/bin/bash
# Disks of 4 TiB (sparse): a resync beyond 2 TiB is recorded there, and goes on there when stopped and assembled.
. "$LAB/guest-lib.sh"

disks 2 4T
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 3T --assume-clean "${DISKS[@]}"
settle
rest vol0
for limit in min max; do echo 500 >/proc/sys/dev/raid/speed_limit_$limit; done
begin=$((5 << 30)) # 2.5 TiB
echo frozen >"$(attribute vol0 sync_action)"
echo $begin >"$(attribute vol0 resync_start)"
echo idle >"$(attribute vol0 sync_action)"
expect 30 that vol0 sync_action resync
dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=1 oflag=direct status=none
# sectors: REPLY is where the metadata says that it is
sectors() {
    local units per
    examine "${DISKS[0]}" vol0 Checkpoint
    read -r units per <<<"$REPLY"
    per=${per#(} per=${per%)}
    REPLY=$((${units:-0} * ${per:-0}))
}
recorded_beyond() { sectors; [ "$REPLY" -ge "$1" ]; }
expect 20 recorded_beyond $begin
say "resync at $(get vol0 sync_completed), recorded $REPLY"
pause 3
stop_volume vol0
sectors
[ "$REPLY" -gt $begin ] || fail "stopped: recorded is sector $REPLY, it began at $begin"
say "stopped: recorded $REPLY"
at=$REPLY
quietly mdadm -I "/dev/$(md imsm0)"
settle
expect 30 that vol0 sync_action resync
[ "$(get vol0 resync_start)" -ge "$at" ] || fail "assembled, and the resync is at $(get vol0 resync_start), recorded was $at"
say "assembled: md goes on from $(get vol0 resync_start)"

#!/bin/bash
# The distribution's mdmon rebuilds two legs of a RAID10 at once; then mdadm, when it assembles the volume, has no place for the checkpoint and begins
# again. ActorRaid says so: event and hook.
. "$LAB/guest-lib.sh"
hooks_on "" CheckpointLost

disks 6 64M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 10 -n 4 -z 40M "${DISKS[@]:0:4}"
settle
rest vol0
fill vol0
rest vol0
quietly /sbin/mdmon.distrib --takeover "$(container_of vol0)"
hold vol0 50
# It has to learn of both at once.
theirs=$(supervisor "$(container_of vol0)")
kill -STOP "$theirs"
for slot in 1 2; do echo faulty >"$(attribute vol0 rd$slot)/state"; done
kill -CONT "$theirs"
expect 60 reached vol0 45
in_rebuild() { grep -lsxE 'spare.*' /sys/block/"$(md vol0)"/md/dev-*/state | wc -l; }
[ "$(in_rebuild)" = 2 ] || fail "mdmon rebuilds $(in_rebuild) legs at a time: there is nothing to lose"
recorded_at_all() { examine "${DISKS[0]}" vol0 Checkpoint; REPLY=${REPLY%% *}; [ "${REPLY:-0}" -gt 0 ]; }
expect 30 recorded_at_all
checkpoint=$REPLY
echo 50 >/proc/sys/dev/raid/speed_limit_min
echo 200 >/proc/sys/dev/raid/speed_limit_max
stop_all
assemble_one_by_one "${DISKS[0]}" "${DISKS[@]:3:3}"
expect 30 md vol0
expect 30 that vol0 sync_action recover
completed vol0
say "recorded at $checkpoint, assembled, and the rebuild is at $REPLY %"
expect 30 has /out/hooks "CheckpointLost /dev/$(md vol0)"
has "$ACTORRAID_LOG" "checkpoint-lost" || fail "no event tells of the checkpoint"
for limit in max min; do echo 400000 >"/proc/sys/dev/raid/speed_limit_$limit"; done
expect 180 degraded vol0 0
rest vol0
consistent vol0
intact vol0
stop_all

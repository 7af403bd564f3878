#!/bin/bash
# A rebuild is interrupted at about 40 % and goes on from its checkpoint.
# WAY=stop: stopped and assembled again. WAY=kill: the supervisor is killed, started again, and must record checkpoints
# from then on; then stopped and assembled. SPARES=1: RAID5. SPARES=2: RAID10 that has lost a disk of each pair.
. "$LAB/guest-lib.sh"

if [ "$SPARES" = 1 ]; then level=5 legs=3 lost=(1); else level=10 legs=4 lost=(1 2); fi
disks $((legs + SPARES)) 64M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l $level -n $legs -z 40M "${DISKS[@]:0:legs}"
settle
rest vol0
fill vol0
rest vol0

leg_sectors=$(($(get vol0 component_size) * 2))
# checkpoint: REPLY is how many percent the metadata of a disk says, by "Checkpoint : UNITS (SECTORS PER UNIT)". In RAID5
# and RAID10 of four a unit is so many sectors of each leg.
checkpoint() {
    local units per
    examine "${DISKS[0]}" vol0 Checkpoint
    read -r units per <<<"$REPLY"
    per=${per#(} per=${per%)}
    [ -n "$per" ] || { REPLY=0; return 0; }
    REPLY=$((units * per * 100 / leg_sectors))
}
recorded_at() { checkpoint; [ "$REPLY" -ge "$1" ]; }
# in_rebuild: how many legs are being rebuilt
in_rebuild() { grep -lsxE 'spare.*' /sys/block/"$(md vol0)"/md/dev-*/state | wc -l; }

hold vol0 40
for slot in "${lost[@]}"; do quietly mdadm --fail "/dev/$(md vol0)" "${DISKS[slot]}"; done
expect 60 that vol0 sync_action recover
expect 60 reached vol0 35
completed vol0
say "rebuild held at $REPLY %, legs in rebuild: $(in_rebuild)"
both_lost=
if [ "$SUPERVISOR" = mdmon ] && [ "$(in_rebuild)" = 2 ]; then
    both_lost=yes # known of mdmon: it rebuilds two spares at once, and then has no place for the checkpoint
fi
[ -n "$both_lost" ] || [ "$(in_rebuild)" = 1 ] || fail "$(in_rebuild) legs are being rebuilt at the same time, expected one"

if [ "$WAY" = kill ]; then
    home=$(container_of vol0)
    supervisor_kill "$home"
    say "supervisor killed"
    supervisor_start "$home"
    say "supervisor started: $(get vol0 sync_action), $(get vol0 sync_completed)"
    that vol0 sync_action recover || fail "the rebuild did not go on under the new supervisor"
    hold vol0 70
    expect 60 reached vol0 65
    [ -n "$both_lost" ] || expect 30 recorded_at 58
    from=58
else
    from=30
fi

echo 50 >/proc/sys/dev/raid/speed_limit_min # from here on so slow that the rest cannot be done before it is looked at
echo 200 >/proc/sys/dev/raid/speed_limit_max
stop_all
checkpoint
say "stopped; the metadata says $REPLY %"
[ -n "$both_lost" ] || recorded_at "$from" || fail "checkpoint recorded at $REPLY %, expected at least $from %"

mapfile -t present < <(for disk in "${DISKS[@]}"; do echo "$disk"; done)
for slot in "${lost[@]}"; do unset "present[slot]"; done
assemble_one_by_one "${present[@]}"
expect 30 md vol0
expect 30 that vol0 sync_action recover
expect 30 reached vol0 1
completed vol0
say "assembled; the rebuild is at $REPLY %"
if [ -z "$both_lost" ]; then
    [ "$REPLY" -ge "$from" ] || fail "the rebuild began again at $REPLY %, expected at least $from %"
    start=
    for leg in "$(attribute vol0 "dev-*")"; do
        for state in $leg; do is "$state/recovery_start" none || read -r start <"$state/recovery_start"; done
    done
    [ "${start:-0}" -gt 0 ] || fail "recovery_start of the leg in rebuild is ${start:-none}, expected more than 0"
fi
for limit in max min; do echo 400000 >"/proc/sys/dev/raid/speed_limit_$limit"; done
home=$(container_of vol0)
for disk in "${present[@]}"; do adopt "$home" "$disk"; done # with -I, a spare that is no member yet is alone
expect 180 degraded vol0 0
rest vol0
expect 30 recorded "${DISKS[0]}" vol0 "Map State" normal
consistent vol0
intact vol0
say "rebuilt, consistent, intact"
stop_all

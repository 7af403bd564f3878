#!/bin/bash
# The mdadm that looks after a reshape (mdadm-grow-continue@.service) is killed in its middle. The volume can
# be read and written all the while, status says that the reshape waits and for whom, and mdadm --grow --continue goes
# on from where it was.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh
disks 4 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M -c 64 "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
settle

# mdadm_killed: whoever looks after the reshape
mdadm_killed() {
    local pid
    for pid in $(busybox pidof mdadm); do
        kill -9 "$pid"
        expect 10 ended "$pid"
    done
}
# unit: REPLY is the current unit of the migration record
unit() { REPLY=$(mdadm -E "${DISKS[0]}" | sed -n 's/.*Current Unit : //p'); REPLY=${REPLY:-0}; }

set_pace 1200
grow "/dev/$home" --raid-devices=4
expect 60 reshaping vol0
expect 60 reached vol0 20
mdadm_killed
pause 1
completed vol0
at=$REPLY
unit
before=$REPLY
say "killed at $at %, unit $before: $(get vol0 sync_action), $(get vol0 sync_completed), sync_max $(get vol0 sync_max), $(get vol0 metadata_version), $(get vol0 array_state)"
pause 3
completed vol0
say "3 s later: $REPLY %, $(get vol0 sync_action), sync_max $(get vol0 sync_max)"
if [ "$SUPERVISOR" = actorraid ]; then
    { actorraid explain "$(md vol0)" || true; } >/out/explain
    has /out/explain "mdadm --grow --continue /dev/$(md vol0)"
    supervisor_rests "$home" 3
fi
timeout 20 dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=64k count=1 oflag=direct conv=notrunc status=none || fail "the volume cannot be written while nobody looks after its reshape"
advised="mdadm --grow --continue /dev/$(md vol0)"
[ "$SUPERVISOR" != actorraid ] || advised=$(grep -o "mdadm --grow --continue /dev/md[0-9]*" /out/explain)
$advised >"/out/continue" 2>&1 &
continuing=$!
expect 30 reached vol0 23
say "goes on"
set_pace 400000
expect 60 quiet vol0
wait "$continuing" || fail "mdadm --grow --continue (status $?): $(cat /out/continue)"
has_shape vol0 5 4 64 $((3 * 16 << 20)) "${DISKS[@]}"
intact vol0
consistent vol0
stop_all
assemble_one_by_one "${DISKS[@]}"
expect 30 md vol0
intact vol0
stop_all

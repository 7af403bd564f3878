#!/bin/bash
# md runs a volume that the metadata on the disks does not know: what the disks had before it was created is put back. That
# is told once, the other volume is supervised as ever, and the daemon rests until something changes.
. "$LAB/guest-lib.sh"
. ./states-lib.sh

disks 3 32M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M "${DISKS[@]}"
settle
rest vol0
home=$(container_of vol0)
tail_of() { dd bs=512 count=8 status=none "$@"; }
for i in 0 1 2; do tail_of if="${DISKS[i]}" of="/data/tail$i" skip=$((65536 - 8)); done
quietly mdadm -CR /dev/md/vol1 -l 5 -n 3 -z 8M "${DISKS[@]}"
settle
rest vol1
supervisor_kill "$home"
for i in 0 1 2; do tail_of if="/data/tail$i" of="${DISKS[i]}" seek=$((65536 - 8)) conv=notrunc oflag=direct; done
supervisor_start "$home"
expect 10 has "$ACTORRAID_LOG" array-unknown
supervisor_rests "$home" 5
[ "$(grep -c array-unknown "$ACTORRAID_LOG")" = 1 ] || fail "it was told $(grep -c array-unknown "$ACTORRAID_LOG") times"
timeout 10 dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none || fail "vol0 cannot be written"
EVENTS_BEFORE=0
state volume-unknown-to-metadata array="$(md vol1)" other="$(md vol0)"
dd if=/dev/zero of="/dev/$(md vol1)" bs=4k count=1 oflag=direct conv=notrunc status=none &
writer=$!
expect 10 volume_is vol1 write-pending
EVENTS_BEFORE=0
state volume-unknown-to-metadata-written array="$(md vol1)" other="$(md vol0)"
echo active >"$(attribute vol1 array_state)"
expect 10 ended "$writer"
expect 10 volume_is vol1 active active-idle
stop_volume vol1
expect 10 has "$ACTORRAID_LOG" "array-gone"
timeout 10 dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none || fail "vol0 cannot be written"
rest vol0

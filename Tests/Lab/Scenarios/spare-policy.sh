#!/bin/bash
# A RAID5 volume with PPL or with a bitmap (POLICY) loses a disk and is rebuilt onto a spare. The spare needs its own
# part of the log or of the bitmap, or md does not take it, or mdadm assembles the volume without its bitmap and tells
# nobody. It is stopped and assembled; then it crashes in the middle of writing.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

disks 4 64M
legs=("${DISKS[@]:0:3}")
spare=${DISKS[3]}
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 32M "${legs[@]}"
settle
rest vol0

if [ "$POLICY" = ppl ]; then
    quietly mdadm --grow "/dev/$(md vol0)" --consistency-policy=ppl
else
    home=$(container_of vol0)
    stop_volume vol0
    quietly mdadm --update-subarray=0 --update=bitmap "/dev/$home"
    quietly mdadm -I "/dev/$home"
    settle
fi
[ "$POLICY" = ppl ] || bitmap_or_end vol0
expect 30 that vol0 consistency_policy "$POLICY"
fill vol0
rest vol0
# Nothing of the spare is what it should be by accident.
dd if=/dev/urandom of="$spare" bs=1M seek=31 count=6 oflag=direct conv=notrunc status=none

fail_disk vol0 "${legs[1]}"
expect 60 not in_container "$(md vol0)" "${legs[1]}"
expect 60 whole vol0
[ "$(leg vol0 1)" = "$spare" ] || fail "slot 1 of vol0 is $(leg vol0 1), expected the spare $spare"
expect 30 recorded_everywhere vol0 Slots "[UUU]" "${legs[0]}" "${legs[2]}" "$spare"
that vol0 consistency_policy "$POLICY" || fail "rebuilt, its consistency_policy is $(get vol0 consistency_policy)"
say "rebuilt onto $spare: $(get vol0 consistency_policy)"
now=("${legs[0]}" "$spare" "${legs[2]}")
consistent vol0
intact vol0

# Without the disk that failed, which has the name of the container in its metadata.
stop_all
quietly mdadm --zero-superblock "${legs[1]}"
assemble_one_by_one "${now[@]}"
expect 30 whole vol0
that vol0 consistency_policy "$POLICY" ||
    fail "rebuilt, stopped and assembled, its consistency_policy is $(get vol0 consistency_policy), expected $POLICY"
intact vol0
say "stopped and assembled: $(get vol0 consistency_policy), $(get vol0 sync_action)"

fill vol0
echo 60 >"$(attribute vol0 safe_mode_delay)"
dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=64k count=1 oflag=direct conv=notrunc status=none
expect 10 volume_is vol0 active
sync
for disk in "${now[@]}"; do cp --sparse=always "/disks/d${disk#/dev/loop}" "/disks/crashed${disk#/dev/loop}"; done
stop_all
for disk in "${now[@]}"; do dd if="/disks/crashed${disk#/dev/loop}" of="$disk" bs=1M oflag=direct status=none; done
set_pace 1
assemble_one_by_one "${now[@]}"
expect 30 md vol0
expect 30 not volume_is vol0 inactive clear
that vol0 consistency_policy "$POLICY" ||
    fail "crashed and assembled, its consistency_policy is $(get vol0 consistency_policy), expected $POLICY"
if [ "$POLICY" = ppl ]; then
    always 2 that vol0 sync_action idle
else
    expect 30 that vol0 sync_action resync
fi
say "crashed and assembled with $POLICY: $(get vol0 sync_action)"
set_pace 400000
consistent vol0
intact vol0
stop_all

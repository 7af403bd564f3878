#!/bin/bash
# A RAID 0 volume loses a leg, pulled, and so does the mirror beside it in the same container. Log and status say what
# is so, nothing loops, everything can be stopped, and when the disk is back the RAID 0 volume is assembled with its
# data, and the mirror is rebuilt.
. "$LAB/guest-lib.sh"
. ./states-lib.sh
unset IMSM_DEVNAME_AS_SERIAL
scsi_disks 2 48
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/stripe -l 0 -n 2 -z 8M -c 64 "${DISKS[@]}"
settle
quietly mdadm -CR /dev/md/mirror -l 1 -n 2 -z 8M "${DISKS[@]}"
settle
rest mirror
fill stripe
fill mirror
rest mirror
home=$(container_of mirror)

old=${DISKS[1]}
pull 1
dd if=/dev/zero of="/dev/$(md mirror)" bs=64k count=8 oflag=direct conv=notrunc status=none
dd if=/dev/zero of="$DATA/mirror" bs=64k count=8 conv=notrunc status=none
! dd if="/dev/$(md stripe)" of=/out/none bs=64k count=16 iflag=direct status=none 2>/out/read || fail "the stripe was read without a leg"
that stripe array_state broken || fail "md has the stripe as $(get stripe array_state), not as broken"
if [ "$SUPERVISOR" = actorraid ]; then
    state volume-broken array="$(md stripe)" volume=stripe other="$(md mirror)" disk="$(basename "$old")"
fi
mdadm -If "${old#/dev/}" 2>&1 || true # "busy": md does not take a leg from a RAID 0; the disk leaves the container all the same
expect 20 degraded mirror 1
# From mdadm 4.5 on it does not: one leg that cannot be failed keeps the disk in its container.
settle
! in_container "$home" "$old" || echo remove >"/sys/block/$home/md/dev-$(basename "$old")/state"
expect 20 not in_container "$home" "$old"
if [ "$SUPERVISOR" = actorraid ]; then
    actorraid status >/out/status || true
    grep -q "DEGRADED.*1 of 2 legs" /out/status || fail "status: $(cat /out/status)"
    supervisor_rests "$home" 4
fi
stop_all
say "stopped; the disk is back"
plug 1
assemble_one_by_one "${DISKS[@]}"
mdadm -IRs 2>&1 || true # starts the stripe, which the first disk alone could not
settle
expect 20 volume_is stripe active clean
intact stripe
intact mirror
expect 60 whole mirror
rest mirror
if [ "$SUPERVISOR" = actorraid ]; then
    for disk in "${DISKS[@]}"; do
        ! mdadm -E "$disk" | grep -q "State : .*failed" || fail "a failed disk is left in the metadata: $(mdadm -E "$disk")"
    done
fi
consistent mirror
stop_all

#!/bin/bash
# A RAID0 of three disks grows to four, and nobody watches how that ends: supervisor and mdadm are killed half way, and md is let go to
# the end. WHAT=raid4: md still has it as RAID4 when a supervisor comes again. WHAT=raid0: it is RAID0 by then, which has no supervisor
# of its own. Either way the end is recorded, the data is the same, and the next growth works. mdmon never records it.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 0 -n 3 -z 16M -c 64 "${DISKS[@]:0:3}"
settle
fill vol0
home=$(container_of vol0)
bytes=$(($(volume_bytes vol0) / 3 * 4))
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
settle
set_pace 600
grow "/dev/$home" --raid-devices=4
expect 60 reshaping vol0
expect 60 reached vol0 40
md=/sys/block/$(md vol0)/md

supervisor_kill "$home"
for comm in /proc/[0-9]*/comm; do
    ! is "$comm" mdadm || { pid=${comm#/proc/}; kill -9 "${pid%/comm}"; }
done
completed vol0
say "killed at $REPLY %"
echo 0 >"$md/suspend_lo"
echo 0 >"$md/suspend_hi"
set_pace 400000
echo max >"$md/sync_max"
expect 60 not reshaping vol0
expect 10 is "$md/reshape_position" none
recorded "${DISKS[0]}" vol0 "Migrate State" "general migration" || fail "nobody was there, but the metadata says $(examined "${DISKS[0]}" vol0 "Migrate State")"
say "md has come to the end, by the metadata it is half way"

if [ "$WHAT" = raid0 ]; then
    echo idle >"$md/sync_action"
    echo raid0 >"$md/level"
fi
mdmon "$home" || fail "mdmon $home ended with status $?"
if [ "$SUPERVISOR" = mdmon ]; then
    always 10 not settled "${DISKS[0]}" vol0
    say "mdmon: to the metadata it is half way still, after 10 s"
    exit 0
fi
for disk in "${DISKS[@]:0:4}"; do expect 30 settled "$disk" vol0; done
echo "external:/$home/0" >"$md/metadata_version"
large() { [ "$(volume_bytes vol0)" = "$bytes" ]; }
expect 10 large
[ "$WHAT" = raid0 ] || echo raid0 >"$md/level"
dump after
intact vol0
say "the end is recorded"

stop_all
assemble_one_by_one "${DISKS[@]:0:4}"
expect 30 md vol0
has_shape vol0 0 4 64 "$bytes" "${DISKS[@]:0:4}"
intact vol0
say "stopped, assembled, intact"

fill vol0
quietly mdadm --add "/dev/$(container_of vol0)" "${DISKS[4]}"
settle
grow "/dev/$(container_of vol0)" --raid-devices=5
bytes=$((bytes / 4 * 5))
expect 60 that vol0 raid_disks 5
grown() { quiet vol0 && that vol0 level raid0 && [ "$(volume_bytes vol0)" = "$bytes" ]; }
expect 60 grown
has_shape vol0 0 5 64 "$bytes" "${DISKS[@]}"
intact vol0
say "grown once more"
stop_all

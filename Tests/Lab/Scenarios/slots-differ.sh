#!/bin/bash
# A RAID5 of three disks grows to five, and md is given the two new ones in another order than the metadata has them (this script
# plays mdadm, which asks md for the slots that the metadata says). md's slots are where the data goes, so the metadata must follow.
# mdmon leaves it as it is: assembled by it, the volume is garbage.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
for disk in "${DISKS[@]:3}"; do quietly mdadm --add "/dev/$home" "$disk"; done
settle
md=/sys/block/$(md vol0)/md

# slots_are SLOT...: by the metadata of each disk, the slot that this disk has
slots_are() {
    local disk
    for disk in "${DISKS[@]}"; do recorded "$disk" vol0 "This Slot" "$1" || return 1; shift; done
}

# give DISK SLOT: what mdadm writes to have md take it
give() {
    local leg
    leg=$md/dev-$(basename "$1")
    echo "7:${1#/dev/loop}" >"$md/new_dev"
    echo 0 >"$leg/offset"
    echo 8192 >"$leg/size"
    echo "$2" >"$leg/slot"
    echo external_bbl >"$leg/state"
}

echo frozen >"$md/sync_action"
echo "external:-$home/0" >"$md/metadata_version"
quietly python3 ./send-update.py "$home" 3 5 "${DISKS[@]:3}"
slots_are 0 1 2 3 4 || fail "recorded otherwise than it was sent: $(for disk in "${DISKS[@]}"; do examined "$disk" vol0 "This Slot"; done)"
say "recorded: ${DISKS[3]} is to have slot 3, ${DISKS[4]} slot 4"

echo 5 >"$md/raid_disks"
give "${DISKS[4]}" 3
give "${DISKS[3]}" 4
echo 0 >"$md/sync_max"
echo reshape >"$md/sync_action"
expect 10 reshaping vol0
[ "$SUPERVISOR" = mdmon ] || expect 10 slots_are 0 1 2 4 3
say "begun: md has ${DISKS[4]} in slot 3, ${DISKS[3]} in slot 4; the metadata says $(examined "${DISKS[4]}" vol0 "This Slot") and $(examined "${DISKS[3]}" vol0 "This Slot")"

echo max >"$md/sync_max"
expect 60 not reshaping vol0
expect 30 settled "${DISKS[0]}" vol0
echo "external:/$home/0" >"$md/metadata_version"
rest vol0
intact vol0
dump after
[ "$SUPERVISOR" = mdmon ] || slots_are 0 1 2 4 3 || fail "at the end the slots are not those of md: $(mdadm -E "${DISKS[3]}")"
expect 10 test "$(volume_bytes vol0)" = $((32 << 20))
if [ "$SUPERVISOR" != mdmon ]; then
    pause 3
    actorraid status >/out/status.txt || fail "md and the metadata have the same legs: $(cat /out/status.txt)"
fi
say "ended"

stop_all
assemble_one_by_one "${DISKS[@]}"
expect 30 md vol0
if [ "$SUPERVISOR" = mdmon ]; then
    [ "$(checksum vol0)" != "$(sha256sum <"$DATA/vol0" | cut -c 1-64)" ] || fail "known of mdmon: the slots are not corrected; here they were, or do not matter"
    say "mdmon: assembled with the slots of before, the data is not what was written"
    stop_all
    exit 0
fi
intact vol0
fill vol0
consistent vol0
say "stopped, assembled, intact"
stop_all

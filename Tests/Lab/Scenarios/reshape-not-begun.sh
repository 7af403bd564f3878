#!/bin/bash
# A reshape is recorded, but does not begin: whoever asked for it lets go of the container. The metadata becomes what it was,
# the array stays idle, the log says so, and the same growth works when it is asked for again.
. "$LAB/guest-lib.sh"

disks 4 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
settle
size=$(examined "${DISKS[0]}" vol0 "Array Size")

# freeze WORD: "-" as mdadm does before it asks for a reshape, "/" as it does when it is through
freeze() { echo "external:$1$home/0" >"$(attribute vol0 metadata_version)"; }

freeze -
quietly python3 ./send-update.py "$home" 3 4 "${DISKS[3]}"
recorded "${DISKS[0]}" vol0 "Migrate State" "general migration" || fail "the update was not recorded: $(mdadm -E "${DISKS[0]}")"
say "the reshape is recorded: $(examined "${DISKS[0]}" vol0 Members)"
always 12 recorded "${DISKS[0]}" vol0 "Migrate State" "general migration"
say "left alone as long as the container is frozen"

freeze /
for disk in "${DISKS[@]:0:3}"; do
    expect 30 recorded "$disk" vol0 "Migrate State" idle
    recorded "$disk" vol0 Members 3 || fail "$disk: $(examined "$disk" vol0 Members) members, expected 3"
    recorded "$disk" vol0 "Array Size" "$size" || fail "$disk: size $(examined "$disk" vol0 "Array Size"), expected $size"
    recorded "$disk" vol0 "Map State" normal || fail "$disk: map state $(examined "$disk" vol0 "Map State")"
done
[ "$SUPERVISOR" = mdmon ] || has "$ACTORRAID_LOG" reshape-cancelled || fail "the log does not say that the reshape was cancelled"
that vol0 sync_action idle || fail "sync_action is $(get vol0 sync_action)"
that vol0 raid_disks 3 || fail "raid_disks is $(get vol0 raid_disks)"
mdadm -E "${DISKS[3]}" | grep -q spare || fail "${DISKS[3]} is no spare: $(mdadm -E "${DISKS[3]}")"
intact vol0
say "as it was before"

quietly mdadm --grow "/dev/$home" --raid-devices=4
expect 60 that vol0 raid_disks 4
expect 60 recorded "${DISKS[3]}" vol0 Members 4
expect 60 that vol0 sync_action idle
intact vol0
consistent vol0
say "grown when it was asked for again"
stop_all

#!/bin/bash
# A container gains and loses disks: a new one becomes a spare in the metadata, a spare goes, a degraded volume takes a new
# disk at once, a failed one that left comes back as a spare.
. "$LAB/guest-lib.sh"

disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
home=$(container_of vol0)
is_spare() { recorded_like "$1" - Magic "Intel*" && mdadm -E "$1" | grep -qE 'State : spare'; }

quietly mdadm --add "/dev/$home" "${DISKS[3]}"
settle
expect 30 in_container "$home" "${DISKS[3]}"
expect 30 is_spare "${DISKS[3]}"
that vol0 degraded 0 || fail "a new spare disturbed the volume"
say "${DISKS[3]} added: a spare"

quietly mdadm --remove "/dev/$home" "${DISKS[3]}"
settle
expect 30 not in_container "$home" "${DISKS[3]}"
quietly mdadm --zero-superblock "${DISKS[3]}"
say "${DISKS[3]} removed"

fail_disk vol0 "${DISKS[0]}"
expect 30 degraded vol0 1
expect 30 not test -e "$(attribute vol0 dev-loop0)"
always 2 that vol0 sync_action idle
recorded "${DISKS[1]}" vol0 "Map State" degraded || fail "no spare there, but the map is $(examined "${DISKS[1]}" vol0 "Map State")"
intact vol0
say "${DISKS[0]} failed: degraded, no spare"

quietly mdadm --add "/dev/$home" "${DISKS[4]}"
expect 60 degraded vol0 0
rest vol0
[ "$(leg vol0 0)" = "${DISKS[4]}" ] || fail "slot 0 holds $(leg vol0 0), expected ${DISKS[4]}"
expect 30 recorded_everywhere vol0 "Map State" normal "${DISKS[1]}" "${DISKS[2]}" "${DISKS[4]}"
consistent vol0
intact vol0
say "${DISKS[4]} added: rebuilt onto it"

quietly mdadm --remove "/dev/$home" "${DISKS[0]}"
settle
expect 30 not in_container "$home" "${DISKS[0]}"
quietly mdadm --zero-superblock "${DISKS[0]}"
quietly mdadm --add "/dev/$home" "${DISKS[0]}"
settle
expect 30 in_container "$home" "${DISKS[0]}"
expect 30 is_spare "${DISKS[0]}"
fail_disk vol0 "${DISKS[1]}"
expect 60 degraded vol0 0
rest vol0
[ "$(leg vol0 1)" = "${DISKS[0]}" ] || fail "slot 1 holds $(leg vol0 1), expected ${DISKS[0]}"
consistent vol0
intact vol0
say "${DISKS[0]} came back as a spare and was used"
stop_all
assemble_one_by_one "${DISKS[0]}" "${DISKS[2]}" "${DISKS[4]}"
expect 30 md vol0
that vol0 degraded 0 || fail "assembled degraded"
intact vol0
stop_all

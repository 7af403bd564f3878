#!/bin/bash
# A disk leaves the container a moment before its leg is seen faulty, as `mdadm -If` of a pulled disk makes it; and a
# supervisor that starts when that has happened already. The leg is let go and removed, the daemon rests, and the volume is
# rebuilt onto the disk that comes.
. "$LAB/guest-lib.sh"

disks 4 64M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 24M "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
home=$(container_of vol0)

echo remove >"/sys/block/$home/md/dev-loop1/state"
expect 10 not in_container "$home" /dev/loop1
pause 1
echo faulty >"$(attribute vol0 dev-loop1/state)"
expect 10 not test -e "$(attribute vol0 dev-loop1)"
expect 10 recorded_like "${DISKS[0]}" vol0 "Map State" "*degraded"
say "removed: $(get vol0 degraded) missing"
supervisor_rests "$home" 3

adopt "$home" "${DISKS[3]}"
expect 60 whole vol0
rest vol0
intact vol0
say "rebuilt onto ${DISKS[3]}"

supervisor_kill "$home"
echo remove >"/sys/block/$home/md/dev-loop2/state"
echo faulty >"$(attribute vol0 dev-loop2/state)"
supervisor_start "$home"
expect 10 not test -e "$(attribute vol0 dev-loop2)"
dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none
intact vol0
say "removed by a supervisor that has never seen its disk"

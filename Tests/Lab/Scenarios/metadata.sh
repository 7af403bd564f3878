#!/bin/bash
# Ten moments in a container's life, with `mdadm -E` of every disk in /out/metadata/SUPERVISOR/MOMENT/. Run under one
# supervisor and then the other, what they leave must be the same.
. "$LAB/guest-lib.sh"

disks 5 64M "${SECTOR:-512}"
three=("${DISKS[@]:0:3}")
container imsm0 "${three[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M "${three[@]}"
settle
rest vol0
expect 30 recorded_everywhere vol0 "Migrate State" idle "${three[@]}"
dump 01-create

echo 30 >"$(attribute vol0 safe_mode_delay)"
fill vol0
expect 10 recorded_everywhere vol0 "Dirty State" dirty "${three[@]}"
dump 02-dirty

echo 0.2 >"$(attribute vol0 safe_mode_delay)"
dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none
expect 30 recorded_everywhere vol0 "Dirty State" clean "${three[@]}"
dump 03-clean

fail_disk vol0 "${DISKS[1]}"
expect 30 recorded "${DISKS[0]}" vol0 "Map State" degraded
expect 30 not test -e "$(attribute vol0 dev-loop1)"
expect 30 volume_is vol0 clean
dump 04-fail

home=$(container_of vol0)
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
rest vol0
expect 30 recorded_everywhere vol0 "Migrate State" idle "${DISKS[0]}" "${DISKS[2]}" "${DISKS[3]}"
expect 30 recorded_everywhere vol0 Slots "[UUU]" "${DISKS[0]}" "${DISKS[2]}" "${DISKS[3]}"
dump 05-rebuild

quietly mdadm --remove "/dev/$home" "${DISKS[1]}"
settle
quietly mdadm --zero-superblock "${DISKS[1]}"
quietly mdadm --add "/dev/$home" "${DISKS[1]}"
settle
expect 30 recorded "${DISKS[1]}" - Magic "Intel Raid ISM Cfg Sig."
dump 06-remove-and-add-again

quietly mdadm -CR /dev/md/vol1 -l 5 -n 3 -z 10M "${DISKS[0]}" "${DISKS[3]}" "${DISKS[2]}" # in vol0's order, as mdadm 4.6 wants it
settle
rest vol1
expect 30 recorded_everywhere vol1 "Migrate State" idle "${DISKS[0]}" "${DISKS[2]}" "${DISKS[3]}"
fill vol1
rest vol1
dump 07-second-volume

stop_all
dump 08-stop

assemble_one_by_one "${DISKS[0]}" "${DISKS[2]}" "${DISKS[3]}" "${DISKS[1]}"
expect 30 md vol0
expect 30 md vol1
rest vol0
rest vol1
intact vol0
intact vol1
dd if="$DATA/vol1" of="/dev/$(md vol1)" bs=4k count=1 oflag=direct conv=notrunc status=none
rest vol1
expect 30 recorded_everywhere vol1 "Dirty State" clean "${DISKS[0]}" "${DISKS[2]}" "${DISKS[3]}"
dump 09-assemble
stop_all

quietly mdadm -A /dev/md/imsm0 "${DISKS[0]}" "${DISKS[3]}"
mdadm -I --run "/dev/$(md imsm0)" 2>&1 || true
settle
expect 30 degraded vol0 1
expect 30 degraded vol1 1
for volume in vol0 vol1; do
    dd if="$DATA/$volume" of="/dev/$(md $volume)" bs=4k count=1 oflag=direct conv=notrunc status=none
    expect 30 volume_is $volume clean
    expect 30 recorded_everywhere $volume "Dirty State" clean "${DISKS[0]}" "${DISKS[3]}"
    intact $volume
done
dump 10-degraded-assemble
stop_all

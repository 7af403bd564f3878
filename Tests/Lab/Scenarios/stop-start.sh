#!/bin/bash
# Volumes of one container stop and start one by one; the supervisor keeps the others, goes with the last, comes with the first.
. "$LAB/guest-lib.sh"

disks 3 64M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M "${DISKS[@]}"
settle
rest vol0
quietly mdadm -CR /dev/md/vol1 -l 5 -n 3 -z 16M "${DISKS[@]}"
settle
rest vol1
fill vol0
fill vol1
home=$(container_of vol0)
pid=$(supervisor "$home")
# A write that is soon followed by clean again: the volumes are started often here.
write() { echo 0.3 >"$(attribute "$1" safe_mode_delay)"; dd if="$DATA/$1" of="/dev/$(md "$1")" bs=4k count=1 oflag=direct conv=notrunc status=none; }

for round in 1 2 3; do
    stop_volume vol0
    expect 10 not md vol0
    expect 10 recorded_everywhere vol0 "Dirty State" clean "${DISKS[@]}"
    kill -0 "$pid" || fail "round $round: the supervisor went although vol1 is running"
    write vol1
    expect 30 volume_is vol1 clean
    quietly mdadm -I "/dev/$home"
    settle
    expect 30 md vol0
    write vol0
    rest vol0
    intact vol0
    intact vol1
    say "round $round: vol0 stopped and started beside vol1"
done

stop_volume vol0
stop_volume vol1
expect 30 recorded_everywhere vol1 "Dirty State" clean "${DISKS[@]}"
[ -d "/sys/block/$home/md" ] || fail "the container went with its volumes"
quietly mdadm -I "/dev/$home"
settle
for volume in vol0 vol1; do
    expect 30 md $volume
    write $volume
    rest $volume
    intact $volume
done
expect 10 supervised "$home"
say "all stopped, all started, supervised by pid $(supervisor "$home") (before: $pid)"
stop_all

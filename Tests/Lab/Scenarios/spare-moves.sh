#!/bin/bash
# A spare goes from one container to another whose volume is degraded, as mdadm --monitor moves it (removed there,
# added here, with its record as it is). It is rebuilt onto there, and the first container is as it was.
. "$LAB/guest-lib.sh"
disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 16M "${DISKS[@]:0:2}"
container imsm1 "${DISKS[@]:3:2}"
quietly mdadm -CR /dev/md/vol1 -l 1 -n 2 -z 16M "${DISKS[@]:3:2}"
settle
rest vol0
rest vol1
fill vol0
fill vol1
a=$(container_of vol0) b=$(container_of vol1)
fail_disk vol1 "${DISKS[4]}"
expect 20 degraded vol1 1
quietly mdadm --remove "/dev/$a" "${DISKS[2]}"
quietly mdadm --add "/dev/$b" "${DISKS[2]}"
expect 20 in_container "$b" "${DISKS[2]}"
expect 60 degraded vol1 0
rest vol1
rest vol0
intact vol1
intact vol0
consistent vol1
that vol0 degraded 0
stop_all

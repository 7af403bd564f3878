#!/bin/bash
# A RAID5 volume without a spare loses a disk, is given another, and is rebuilt, while a client of the control socket watches:
# /out/told has every line that it was told, for the gateway's page to be shown with (Tests/Lab/WatchedTests).
. "$LAB/guest-lib.sh"

disks 4 64M
container imsm0 "${DISKS[@]:0:3}"
volume vol0 5 3 24M imsm0
home=$(container_of vol0)
expect 10 supervised "$home"
python3 record.py /out/told &
rest vol0
# heard TEXT: the client was told it
heard() { grep -q "$1" /out/told; }
expect 20 heard '"health":"ok"'
lost=$(leg vol0 1)
fail_disk vol0 "$lost"
expect 20 heard '"health":"degraded"'
say "$lost has failed, and is told so"
hold vol0 50
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
expect 30 that vol0 sync_action recover
expect 20 heard '"health":"rebuilding"'
expect 20 heard '"action":"recover","progress":{"doneSectors":[1-9]'
say "the rebuild onto ${DISKS[3]} is told, with its progress"
hold vol0 100
rest vol0
echo "$EPOCHREALTIME" >/out/rebuilt
# The last word is that all is well again.
last() { [[ $(tail -n 1 /out/told) == *'"health":"ok"'* ]] || tail -n 5 /out/told | grep -q '"status".*"health":"ok"'; }
expect 20 last
say "THE END: all is well again"

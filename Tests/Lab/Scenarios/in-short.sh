#!/bin/bash
# What matters most, for kernels and an mdadm that are not this machine's: the story with its failure and its spare, a growth, a handoff
# under load; or those of them that PARTS names. Each is a script of its own that begins with empty disks; in one guest, as each boot costs time.
set -eu
# told SCRIPT [VARIABLE=VALUE...]
told() {
    local script=$1 device
    shift
    env "$@" bash "./$script.sh" || exit $?
    for device in /dev/loop[0-9]*; do losetup -d "$device" 2>/dev/null || true; done
    umount /data /disks
}
for part in ${PARTS:-story grow handoff}; do
    case $part in
        story) told story ;;
        grow) told grow FROM=3 TO=4 VOLUMES=5 ;;
        handoff) told handoff HANDOFFS=1 QUIET=1 LIMIT= ;;
    esac
done

#!/bin/bash
# The link to one half of a mirror drops, the array goes on and is written, the machine is booted with the disks found
# in some order, and the disk is back. Right: the data is the current one, the half that dropped never wins, and it is
# rebuilt in whatever order they come (with mdmon it depends on that). ORDERS, with commas: good-first, stale-first,
# together.
. "$LAB/guest-lib.sh"
ORDERS=${ORDERS:-good-first,stale-first,together}
unset IMSM_DEVNAME_AS_SERIAL
scsi_disks 2 32
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 12M "${DISKS[@]}"
settle
rest vol0

for order in ${ORDERS//,/ }; do
    home=$(container_of vol0)
    fill vol0
    rest vol0
    old=${DISKS[1]}
    say "$order: the link to $old drops, the array is written"
    pull 1
    fill vol0
    quietly mdadm -If "${old#/dev/}"
    expect 20 degraded vol0 1
    expect 20 not in_container "$home" "$old"
    expect 30 volume_is vol0 clean read-auto
    stop_all
    plug 1
    lines=$(cat "$ACTORRAID_LOG" 2>/dev/null | wc -l)
    case $order in
        good-first) assemble_one_by_one "${DISKS[0]}" "${DISKS[1]}" ;;
        stale-first) assemble_one_by_one "${DISKS[1]}" "${DISKS[0]}" ;;
        together) mdadm -A --scan 2>&1 || true; settle ;;
    esac
    intact vol0
    expect 60 degraded vol0 0
    rest vol0
    intact vol0
    consistent vol0
    lines=$(($(cat "$ACTORRAID_LOG" 2>/dev/null | wc -l) - lines))
    say "rebuilt and intact, $lines lines of log"
    [ "$lines" -lt 100 ] || fail "the log is flooded"
done
# The disk failed and is still in the container when the supervisor starts again: that is no return.
home=$(container_of vol0)
fail_disk vol0 "${DISKS[1]}"
expect 20 degraded vol0 1
expect 20 not test -e "$(attribute vol0 "dev-${DISKS[1]#/dev/}")"
supervisor_kill "$home"
supervisor_start "$home"
always 2 degraded vol0 1
in_container "$home" "${DISKS[1]}"
grep -q " disk-stale .*use it again" "$ACTORRAID_LOG" || fail "nothing says how to use the failed disk again"
stop_all

#!/bin/bash
# What does not run, or is not ours, is shown as that, with and without a daemon: a volume that was stopped, volumes
# that were never started, a volume that lacks too many disks (which are named), native arrays. The first line and the
# exit status never say other than that.
. "$LAB/guest-lib.sh"
. ./states-lib.sh

# asked STATUS PATTERN [ARGUMENT...]: the exit status, and what is said (a shell pattern)
asked() {
    local wanted=$1 pattern=$2 got=0
    shift 2
    actorraid status "$@" >/out/status.txt 2>/out/status.err || got=$?
    REPLY=$(</out/status.txt)
    [ "$got" = "$wanted" ] && [[ $REPLY == $pattern ]]
}
# tells STATUS PATTERN: it comes to that
tells() { expect 10 asked "$@"; say "status $1: ${REPLY%%$'\n'*}"; }

disks 3 32M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M "${DISKS[@]}"
settle
quietly mdadm -CR /dev/md/vol1 -l 5 -n 3 -z 8M "${DISKS[@]}"
settle
rest vol0
rest vol1
home=$(container_of vol0)
tells 0 "OK: 1 container, 2 arrays*"
stop_volume vol1
tells 2 "INACTIVE $home/1 (vol1), not running, 3 of 3 legs*"
state volume-stopped-beside-another array="$home/1" volume=vol1 other="$(md vol0)"
stop_volume vol0
expect 20 not test -e "/run/mdadm/$home.pid"
tells 2 "INACTIVE $home/0 (vol0), not running, 3 of 3 legs; INACTIVE $home/1 (vol1), not running, 3 of 3 legs*"
quietly mdadm -I "/dev/$home"
settle
tells 0 "OK: 1 container, 2 arrays*"
stop_all

assemble_one_by_one "${DISKS[0]}"
tells 2 "FAILED * (vol0), not running, 1 of 3 legs; FAILED * (vol1), not running, 1 of 3 legs*missing: serial */loop1, serial */loop2*"
assemble_one_by_one "${DISKS[@]:1}"
tells 0 "OK: 1 container, 2 arrays*"

# A native array, and no container beside it.
stop_all
disks 2 16M
quietly mdadm -CR /dev/md/native -l 1 -n 2 --metadata=1.2 "${DISKS[@]:3}"
rest native
native=$(md native)
tells 0 "OK: 1 native array, nothing to supervise*native array $native  OK*"
quietly mdadm --fail "/dev/$native" "${DISKS[3]}"
tells 1 "DEGRADED $native, 1 of 2 legs (not ours)*"
quietly mdadm -S "/dev/$native"
tells 0 "OK: nothing to supervise"

#!/bin/bash
# Two containers are supervised. The daemon has few descriptors left when a third is to be supervised: none to fourteen.
# Right: that one request is refused with the reason; the other two are supervised all the while, and the third once there are descriptors again.
. "$LAB/guest-lib.sh"
. ./states-lib.sh
disks 6 32M
container imsmA "${DISKS[@]:0:2}"
quietly mdadm -CR /dev/md/volA -l 1 -n 2 -z 8M "${DISKS[@]:0:2}"
container imsmB "${DISKS[@]:2:2}"
quietly mdadm -CR /dev/md/volB -l 1 -n 2 -z 8M "${DISKS[@]:2:2}"
container imsmC "${DISKS[@]:4:2}"
quietly mdadm -CR /dev/md/volC -l 1 -n 2 -z 8M "${DISKS[@]:4:2}"
settle
rest volA
rest volB
rest volC
for v in volA volB volC; do echo 0.05 >"$(attribute "$v" safe_mode_delay)"; done
a=$(container_of volA)
b=$(container_of volB)
c=$(container_of volC)
pid=$(supervisor "$a")
read -r thread_a <"/run/mdadm/$a.pid"
read -r thread_b <"/run/mdadm/$b.pid"

# still_supervised: the same threads have the two containers
still_supervised() { is "/run/mdadm/$a.pid" "$thread_a" && is "/run/mdadm/$b.pid" "$thread_b" && kill -0 "$thread_a" && kill -0 "$thread_b"; }

# goes_through VOLUME
goes_through() {
    expect 30 volume_is "$1" clean read-auto
    timeout 20 dd if=/dev/zero of="/dev/$(md "$1")" bs=4k count=1 oflag=direct conv=notrunc status=none || fail "a write to $1 hangs or fails: $(get "$1" array_state)"
}

mdadm --stop "/dev/$(md volC)"
expect 10 not test -e "/run/mdadm/$c.pid"
for k in 0 1 2 4 6 14; do
    spare_descriptors "$pid" "$k"
    status=0
    timeout 3 mdmon "$c" >"/out/mdmon.$k" 2>&1 || status=$?
    still_supervised || fail "with $k descriptors left: the others were lost"
    goes_through volA
    prlimit --pid "$pid" --nofile=4096:4096
    still_supervised || fail "after $k descriptors: the others were lost"
    say "with $k descriptors left: mdmon $c: $status, $(head -c 150 "/out/mdmon.$k")"
done
expect 10 mdmon "$c"
quietly mdadm -I "/dev/$c"
goes_through volA
goes_through volB
goes_through volC
kill -0 "$pid" || fail "the daemon has ended"
not grep -qE ' (host-failed|container-failed|leg-removed|disk-left) ' "$ACTORRAID_LOG" || fail "something was lost: $(grep -E ' (host-failed|container-failed|leg-removed|disk-left) ' "$ACTORRAID_LOG" | head -3)"

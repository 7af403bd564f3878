#!/bin/bash
# Two containers of a spare-group, one with a spare: mdadm --monitor moves it to the other, whose volume is degraded, and it is rebuilt there.
. "$LAB/guest-lib.sh"
disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 16M "${DISKS[@]:0:2}"
container imsm1 "${DISKS[@]:3:2}"
quietly mdadm -CR /dev/md/vol1 -l 1 -n 2 -z 16M "${DISKS[@]:3:2}"
settle
rest vol0
rest vol1
fill vol1
fill vol0
rest vol1
{ echo "POLICY domain=all path=* action=spare metadata=imsm"; mdadm --detail --scan | sed "/imsm/s/$/ spare-group=all/"; } >/etc/mdadm/mdadm.conf
cat /etc/mdadm/mdadm.conf
mdadm --monitor --scan --delay=2 --mail=root@localhost --program=/bin/true --config=/etc/mdadm/mdadm.conf >/out/monitor 2>&1 &
monitor=$!
pause 3
a=$(container_of vol0) b=$(container_of vol1)
fail_disk vol1 "${DISKS[4]}"
expect 20 degraded vol1 1
moved() { in_container "$b" "${DISKS[2]}"; }
waits() { local n; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do ! moved || return 0; pause 1; done; }
waits
if ! moved; then
    say "not moved while the failed disk is in the container"
    quietly mdadm --remove "/dev/$b" "${DISKS[4]}"
    waits
fi
cat /out/monitor
moved || fail "mdadm --monitor does not move the spare: $(cat /proc/mdstat)"
say "moved"
expect 60 degraded vol1 0
rest vol1
intact vol1
intact vol0
kill "$monitor"
wait "$monitor" || true
stop_all

#!/bin/bash
# A DDF container on a host where ActorRaid stands in mdmon's place: DDF is not supported yet, so mdadm's own mdmon supervises it, whichever way it is
# asked for, is never taken over from, and that is told. An IMSM container beside it is ours.
. "$LAB/guest-lib.sh"
. ./states-lib.sh

disks 4 64M
quietly mdadm -CR /dev/md/ddf0 -e ddf -n 2 "${DISKS[@]:0:2}"
settle
quietly mdadm -CR /dev/md/dv0 -l 1 -n 2 -z 8M /dev/md/ddf0
settle
write() { dd if=/dev/zero of="/dev/$(md dv0)" bs=4k count=1 oflag=direct status=none || fail "a DDF volume takes no write: it is $(get dv0 array_state)"; }
theirs() { supervised "$home" && [[ $(readlink "/proc/$(supervisor "$home")/exe") == */mdmon.distrib ]]; }
home=$(container_of dv0)
write
expect 10 theirs
rest dv0
first=$(supervisor "$home")
say "mdadm has started its own mdmon, process $first"

state container-of-other-format array="$(md dv0)" process="$first"
kill -9 "$first"
state container-of-other-format-unmonitored array="$(md dv0)"
supervisor_start "$home"
expect 10 theirs
first=$(supervisor "$home")

container imsm0 "${DISKS[@]:2}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 8M "${DISKS[@]:2}"
settle
rest vol0
expect 10 eval 'actorraid status >/out/status.txt'
has /out/status.txt "OK: 2 containers, 2 arrays" && has /out/status.txt "ddf, monitored by process $first" || fail "status says: $(cat /out/status.txt)"

# What takes everything over leaves this one with its own, whoever that is then.
quietly mdmon --all --takeover
expect 10 theirs
write
quietly actorraid supervise --all --takeover
expect 10 theirs
write
kill -9 "$(supervisor "$home")"
sleep 1
if actorraid status >/out/status.txt; then fail "nobody monitors it, and status says: $(cat /out/status.txt)"; else [ $? = 2 ] || fail "status $?: $(cat /out/status.txt)"; fi
has /out/status.txt "STALLED $home: nobody monitors it" || fail "status says: $(cat /out/status.txt)"
supervisor_start "$home"
expect 10 theirs
write
expect 20 eval 'actorraid status >/out/status.txt'
say "killed and started again: $(head -n 1 /out/status.txt)"
rest dv0
stop_all

#!/bin/bash
# safe_mode_delay is the admin's: one that was set by hand, however short, stays over a start; a supervisor that is told to
# end makes it short until the array is clean, and leaves it as it was; what one that is killed in between, or an mdmon that
# was taken over from, has left is undone by the next.
. "$LAB/guest-lib.sh"

disks 2 48M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 24M "${DISKS[@]}"
settle
rest vol0
home=$(container_of vol0)
set_delay() { echo "$1" >"$(attribute vol0 safe_mode_delay)"; }
write() { dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none; }
# told_to_end: the supervisor gets SIGTERM, and is gone when this returns
told_to_end() { local pid; pid=$(supervisor "$home"); kill -TERM "$pid"; expect 20 ended "$pid"; }

set_delay 0.001
short=$(get vol0 safe_mode_delay) # md counts in ticks of its clock
supervisor_kill "$home"
supervisor_start "$home"
write
expect 10 volume_is vol0 clean
that vol0 safe_mode_delay "$short" || fail "set to $short by hand, and after a start it is $(get vol0 safe_mode_delay)"

set_delay 2.500
write
told_to_end
that vol0 safe_mode_delay 2.500 || fail "the supervisor that was told to end left $(get vol0 safe_mode_delay)"
that vol0 array_state clean || fail "it left the array $(get vol0 array_state)"
supervisor_start "$home"
that vol0 safe_mode_delay 2.500 || fail "after a start it is $(get vol0 safe_mode_delay)"

set_delay 60
# One write behind the other from the first on, so that the array does not become clean and the supervisor cannot end.
dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=6000 oflag=direct conv=notrunc status=none &
writer=$!
expect 10 that vol0 array_state active
pid=$(supervisor "$home")
kill -TERM "$pid"
expect 10 that vol0 safe_mode_delay "$short"
kill -9 "$pid"
expect 10 ended "$pid"
supervisor_start "$home"
expect 10 that vol0 safe_mode_delay 60.000
[ ! -e "/run/mdadm/$(md vol0).delay" ] || fail "the note is still there"
wait $writer || fail "a write failed"
say "killed while it left: undone by the next"

set_delay 2.500
quietly /sbin/mdmon.distrib --takeover "$home"
write
quietly mdmon --takeover "$home"
write
expect 10 that vol0 safe_mode_delay 2.500
say "to mdmon and back: $(get vol0 safe_mode_delay)"
expect 10 volume_is vol0 clean

#!/bin/bash
# Four containers: failures and rebuilds in two of them, the others go on; one stops, the rest stay. ActorRaid supervises all
# of them in one process.
. "$LAB/guest-lib.sh"

disks 12 32M
declare -A home
for i in 0 1 2 3; do
    container "imsm$i" "${DISKS[@]:i * 3:3}"
    quietly mdadm -CR "/dev/md/vol$i" -l 1 -n 2 -z 10M "${DISKS[@]:i * 3:2}"
    settle
done
for i in 0 1 2 3; do
    rest "vol$i"
    fill "vol$i"
    home[$i]=$(container_of "vol$i")
    expect 10 supervised "${home[$i]}"
done
pids=$(for i in 0 1 2 3; do supervisor "${home[$i]}"; done | sort -u | wc -l)
if [ "$SUPERVISOR" = actorraid ]; then wanted=1; else wanted=4; fi
[ "$pids" = "$wanted" ] || fail "$pids processes supervise four containers, expected $wanted"
say "four containers, $pids process(es)"

fail_disk vol0 "${DISKS[0]}"
fail_disk vol2 "${DISKS[7]}"
for i in 1 3; do dd if="$DATA/vol$i" of="/dev/$(md "vol$i")" bs=4k count=1 oflag=direct conv=notrunc status=none; done
for i in 0 2; do
    expect 60 recorded_like "$(leg "vol$i" $((i == 0 ? 1 : 0)))" "vol$i" "Map State" "*"
    expect 60 test -e "/sys/block/$(md "vol$i")/md/dev-loop$((i * 3 + 2))"
done
for i in 0 1 2 3; do
    rest "vol$i"
    consistent "vol$i"
    intact "vol$i"
done
that vol1 degraded 0 && that vol3 degraded 0 || fail "a failure in one container reached another"
say "a disk failed in two of them, both rebuilt onto their own spares"

stop_volume vol1
quietly mdadm -S "/dev/${home[1]}"
expect 30 not test -e "/run/mdadm/${home[1]}.pid"
for i in 0 2 3; do
    supervised "${home[$i]}" || fail "container imsm$i lost its supervisor when imsm1 stopped"
    dd if="$DATA/vol$i" of="/dev/$(md "vol$i")" bs=4k count=1 oflag=direct conv=notrunc status=none
    rest "vol$i"
done
assemble imsm1 "${DISKS[@]:3:3}"
expect 30 md vol1
intact vol1
say "one stopped and assembled again, the others stayed"
stop_all

#!/bin/bash
# A disk of one container hangs (a suspended device-mapper target): another container's writes still go through, and a hook is told.
. "$LAB/guest-lib.sh"
hooks_on "" Stalled

disks 5 48M
for i in 0 1; do
    dmsetup create "hang$i" --table "0 $(blockdev --getsz "${DISKS[i]}") linear ${DISKS[i]} 0"
done
settle
hanging=("/dev/$(basename "$(readlink -f /dev/mapper/hang0)")" "/dev/$(basename "$(readlink -f /dev/mapper/hang1)")")
container imsmA "${hanging[@]}"
container imsmB "${DISKS[@]:2:3}"
quietly mdadm -CR /dev/md/volA -l 1 -n 2 -z 16M "${hanging[@]}"
quietly mdadm -CR /dev/md/volB -l 5 -n 3 -z 16M "${DISKS[@]:2:3}"
settle
rest volA
rest volB
fill volA
fill volB
rest volA
rest volB
echo 0.05 >"$(attribute volB safe_mode_delay)"

# transition: REPLY is how many ms a write to the idle volB takes
transition() {
    local before
    expect 60 volume_is volB clean
    before=$(now_ms)
    dd if="$DATA/volB" of="/dev/$(md volB)" bs=4k count=1 oflag=direct conv=notrunc status=none
    REPLY=$(($(now_ms) - before))
}

worst_before=0
for _ in 1 2 3 4 5 6 7 8; do
    transition
    [ "$REPLY" -le "$worst_before" ] || worst_before=$REPLY
done
dmsetup suspend --nolockfs --noflush hang1
dd if="$DATA/volA" of="/dev/$(md volA)" bs=4k count=1 oflag=direct conv=notrunc status=none &
stuck=$!
pause 1
kill -0 "$stuck" || fail "the write to volA went through although its disk hangs"
worst=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    transition
    [ "$REPLY" -le "$worst" ] || worst=$REPLY
done
say "worst write to volB: $worst_before ms before, $worst ms while a disk of imsmA hangs"
kill -0 "$stuck" || fail "the write to volA went through although its disk hangs"
if [ "$SUPERVISOR" = actorraid ]; then expect 30 has /out/hooks "Stalled /dev/$(container_of volA) ${hanging[1]}"; fi
[ "$worst" -lt 5000 ] || fail "a write to volB took $worst ms while a disk of imsmA hung (before: $worst_before ms)"
dmsetup resume hang1
expect 30 ended "$stuck"
wait "$stuck" || fail "the write to volA failed after its disk was back"
rest volA
intact volA
intact volB
stop_all

#!/bin/bash
# A disk hangs with a request under way (a suspended device-mapper target) and fails in one of its two volumes: md does
# not let go of that leg, and from kernel 6.7 on the removal waits in the kernel. The disk's leg in the other volume has
# to be let go all the same, whose writers wait for that.
. "$LAB/guest-lib.sh"

disks 3 64M
dmsetup create hang --table "0 $(blockdev --getsz "${DISKS[1]}") linear ${DISKS[1]} 0"
settle
disk="/dev/$(basename "$(readlink -f /dev/mapper/hang)")"
legs=("${DISKS[0]}" "$disk" "${DISKS[2]}")
container imsm0 "${legs[@]}"
for volume in vol0 vol1; do
    quietly mdadm -CR "/dev/md/$volume" -l 5 -n 3 -z 16M "${legs[@]}"
    settle
    rest "$volume"
    fill "$volume"
    rest "$volume"
done

# Both are being written, so that no write waits for the metadata, which the disk that hangs does not take.
for volume in vol0 vol1; do
    echo 600 >"$(attribute "$volume" safe_mode_delay)"
    dd if="$DATA/$volume" of="/dev/$(md "$volume")" bs=4k count=1 oflag=direct conv=notrunc status=none
    expect 10 volume_is "$volume" active
done
state="$(attribute vol0 "dev-$(basename "$disk")")/state"
other="$(attribute vol1 "dev-$(basename "$disk")")/state"
dmsetup suspend --nolockfs --noflush hang
# A whole stripe: some of it is for the disk that hangs.
dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=1M count=1 oflag=direct conv=notrunc status=none &
stuck=$!
pause 0.5
kill -0 "$stuck" || fail "the write to vol0 went through although its disk hangs"

# Its leg in vol1 is failed as well; whoever writes there waits until that is recorded and the leg let go.
before=$(now_ms)
echo faulty >"$state"
dd if="$DATA/vol1" of="/dev/$(md vol1)" bs=1M count=4 oflag=direct conv=notrunc status=none &
writer=$!
expect 20 not test -e "$other"
say "the leg in vol1 is gone after $(($(now_ms) - before)) ms; in vol0 it is $(cat "$state" 2>&1)"
expect 20 ended "$writer"
wait "$writer" || fail "the write to vol1 failed"
[ -e "$state" ] || fail "the leg of vol0 is gone although a request to it is under way: this tests nothing"

dmsetup resume hang
expect 30 ended "$stuck"
wait "$stuck" || fail "the write to vol0 failed after its disk was back"
expect 30 not test -e "$state"
for volume in vol0 vol1; do
    degraded "$volume" 1 || fail "$volume: degraded is $(get "$volume" degraded)"
    intact "$volume"
done
stop_all

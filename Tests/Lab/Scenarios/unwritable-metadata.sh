#!/bin/bash
# A mirror whose first disk can no longer be written where its metadata lies, though its leg is in sync (a bad sector there; a pulled disk
# answers so, too). The other disk has the metadata: writes go through, before and after the supervisor has tried the disk again (every 5 s).
# When the disk can be written again it gets what it missed.
. "$LAB/guest-lib.sh"
disks 2 64M
total=$((64 * 2048)) tail=4096
# metadata_of TARGET: where the last sectors of the first disk go
metadata_of() {
    dmsetup suspend d0
    printf '0 %s linear %s 0\n%s %s %s\n' $((total - tail)) "${DISKS[0]}" $((total - tail)) $tail "$1" | dmsetup load d0
    dmsetup resume d0
}
dmsetup create d0 --table "0 $total linear ${DISKS[0]} 0"
settle
first=/dev/$(basename "$(readlink -f /dev/mapper/d0)")
container imsm0 "$first" "${DISKS[1]}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 24M "$first" "${DISKS[1]}"
settle
rest vol0
echo 0.2 >"$(attribute vol0 safe_mode_delay)"
metadata_of error
for write in 1 2 3; do
    expect 30 volume_is vol0 clean read-auto
    dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none &
    writer=$!
    expect 4 ended "$writer" || fail "write $write hangs: array_state $(get vol0 array_state)"
    wait "$writer" || fail "write $write failed"
    pause 6
done
is "$(attribute vol0 "dev-$(basename "$first")/state")" in_sync || say "the leg is $(get vol0 "dev-$(basename "$first")/state")"
metadata_of "linear ${DISKS[0]} $((total - tail))"
same_generation() { [ "$(examined "$first" - Generation)" = "$(examined "${DISKS[1]}" - Generation)" ]; }
[ "$SUPERVISOR" = mdmon ] || expect 20 same_generation
stop_all

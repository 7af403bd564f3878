#!/bin/bash
# A disk fails in the middle of a RAID5's growth from three disks to four. The reshape goes on to its end, degraded; then what was lost is
# rebuilt, with SPARE=1 onto a further spare that the container has, with SPARE=0 onto one that comes later. WHICH: the index of the
# disk that fails; 3 is the new one, whose failure mdmon does not record, and then rebuilds onto that same disk.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M -c 64 "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
bytes=$(($(volume_bytes vol0) / 2 * 3))
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
settle
set_pace 600
grow "/dev/$home" --raid-devices=4
expect 60 reshaping vol0
[ "$SPARE" = 0 ] || quietly mdadm --add "/dev/$home" "${DISKS[4]}"
expect 60 reached vol0 40
lost=${DISKS[WHICH]}
left=()
for disk in "${DISKS[@]:0:4}"; do [ "$disk" = "$lost" ] || left+=("$disk"); done

fail_disk vol0 "$lost"
completed vol0
say "$lost fails at $REPLY %"
if [ "$SUPERVISOR" = mdmon ] && [ "$WHICH" = 3 ]; then
    always 5 recorded "${left[0]}" vol0 "Map State" "normal <-- normal"
    say "mdmon: to the metadata the volume is whole"
    exit 0
fi
for disk in "${left[@]}"; do expect 30 recorded_like "$disk" vol0 "Map State" "*degraded*"; done
recorded "${left[0]}" vol0 "Migrate State" "general migration" || fail "it is being reshaped, but its migrate state is $(examined "${left[0]}" vol0 "Migrate State")"
dump during-fault
say "recorded: $(examined "${left[0]}" vol0 "Map State"), $(examined "${left[0]}" vol0 Slots)"

runs() { grep -qsx "$1" /proc/[0-9]*/comm; }
expect 10 reshaping vol0
pause 2
if ! runs mdadm; then
    say "mdadm has given up: another one is told to continue"
    mdadm --grow --continue "/dev/$(md vol0)" >/out/continue 2>&1 &
fi
expect 120 not reshaping vol0
is "$(attribute vol0 reshape_position)" none || fail "the reshape has stopped at $(get vol0 reshape_position)"
say "the reshape is over"
set_pace 400000
expect 60 not frozen vol0
[ "$SPARE" = 1 ] || quietly mdadm --add "/dev/$home" "${DISKS[4]}"
expect 120 degraded vol0 0
rest vol0
members=("${left[@]}" "${DISKS[4]}")
for disk in "${members[@]}"; do expect 30 recorded "$disk" vol0 "Map State" normal; done
expect 30 test "$(volume_bytes vol0)" = "$bytes"
has_shape vol0 5 4 64 "$bytes" "${members[@]}"
intact vol0
consistent vol0
dump after
say "rebuilt, intact"

fill vol0
stop_all
assemble_one_by_one "${members[@]}"
expect 30 md vol0
rest vol0
has_shape vol0 5 4 64 "$bytes" "${members[@]}"
intact vol0
say "stopped, assembled, intact"
stop_all

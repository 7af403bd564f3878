#!/bin/bash
# readonly and read-auto: a volume that is only read stays clean in the metadata, one that mdadm made readonly stays so,
# and the first write after either is recorded as dirty before it goes through.
. "$LAB/guest-lib.sh"

disks 3 48M
container imsm0 "${DISKS[@]}"
volume vol0 5 3 16M imsm0
rest vol0
fill vol0
rest vol0
device=/dev/$(md vol0)

quietly mdadm --readonly "$device"
settle
always 2 volume_is vol0 readonly
if dd if=/dev/zero of="$device" bs=4k count=1 oflag=direct conv=notrunc status=none 2>/dev/null; then
    fail "a readonly volume took a write"
fi
intact vol0
recorded_everywhere vol0 "Dirty State" clean "${DISKS[@]}" || fail "reading a readonly volume made it dirty"
say "readonly: stays so, is read, is clean"

quietly mdadm --readwrite "$device"
settle
expect 30 volume_is vol0 clean active-idle active read-auto
fill vol0
echo 30 >"$(attribute vol0 safe_mode_delay)"
dd if="$DATA/vol0" of="$device" bs=4k count=1 oflag=direct conv=notrunc status=none
expect 10 volume_is vol0 active
recorded_like "${DISKS[0]}" vol0 "Dirty State" dirty || recorded "${DISKS[1]}" vol0 "Dirty State" dirty ||
    fail "written after --readwrite, but not recorded as dirty"
echo 0.2 >"$(attribute vol0 safe_mode_delay)"
dd if="$DATA/vol0" of="$device" bs=4k count=1 oflag=direct conv=notrunc status=none
rest vol0
stop_all
say "readwrite again, written, dirty recorded, stopped"

assemble_one_by_one "${DISKS[@]}"
expect 30 md vol0
device=/dev/$(md vol0)
expect 30 volume_is vol0 read-auto clean
intact vol0
always 1 volume_is vol0 read-auto clean
recorded_everywhere vol0 "Dirty State" clean "${DISKS[@]}" || fail "reading an assembled volume made it dirty"
state=$(get vol0 array_state)
echo 30 >"$(attribute vol0 safe_mode_delay)"
dd if="$DATA/vol0" of="$device" bs=4k count=1 oflag=direct conv=notrunc status=none
expect 10 recorded_everywhere vol0 "Dirty State" dirty "${DISKS[@]}"
volume_is vol0 active || fail "written, but array_state is $(get vol0 array_state)"
say "assembled as $state: clean while it is only read, dirty with the first write"
stop_all
recorded_everywhere vol0 "Dirty State" clean "${DISKS[@]}" || fail "stopped, but not clean"

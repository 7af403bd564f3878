#!/bin/bash
# A volume of LEVEL (1, 5, 10) that was created small grows to what its disks have left (mdadm --grow --size=max); the part
# that is new can be written, and is in sync.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

case $LEVEL in 1) legs=2 ;; 5) legs=3 ;; 10) legs=4 ;; *) fail "LEVEL is 1, 5 or 10, not $LEVEL" ;; esac
chunk=64
[ "$LEVEL" != 1 ] || chunk=-
disks "$legs" 48M
container imsm0 "${DISKS[@]}"
volume vol0 "$LEVEL" "$legs" 8M imsm0
rest vol0
[ "$chunk" = - ] || chunk=$(($(get vol0 chunk_size) / 1024))
fill vol0
rest vol0
before=$(volume_bytes vol0)

grow "/dev/$(md vol0)" --size=max
expect 60 quiet vol0
rest vol0
after=$(volume_bytes vol0)
# Disks of 48 MiB less what the metadata keeps for itself, in whole MiB
[ "$after" -ge $((36 * $(data_legs "$LEVEL" "$legs") << 20)) ] || fail "vol0 is $after bytes, was $before: expected at least 36 MiB of each leg"
has_shape vol0 "$LEVEL" "$legs" "$chunk" "$after" "${DISKS[@]}"
dump after
intact vol0
say "RAID$LEVEL: $before bytes became $after"

fill vol0
consistent vol0
stop_all
assemble_one_by_one "${DISKS[@]}"
expect 30 md vol0
has_shape vol0 "$LEVEL" "$legs" "$chunk" "$after" "${DISKS[@]}"
intact vol0
that vol0 sync_action idle || fail "assembled: sync_action is $(get vol0 sync_action), expected idle"
say "written over its new size, stopped, assembled: intact"
stop_all

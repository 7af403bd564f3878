#!/bin/bash
# Volumes of a container are deleted, renamed and created in the room that is left, while another one of it runs and is
# written; spares come and go meanwhile.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

disks 4 64M
members=("${DISKS[@]:0:3}") spare=${DISKS[3]}
container imsm0 "${members[@]}"
home=$(md imsm0)
volume first 5 3 12M imsm0
rest first
volume second 5 3 12M imsm0
rest second
fill first
fill second
write() { dd if="$DATA/$1" of="/dev/$(md "$1")" bs=4k count=1 oflag=direct conv=notrunc status=none; }

# knows DISK VOLUME: its metadata has such a volume
knows() { recorded_like "$1" "$2" UUID "?*"; }
# everywhere COMMAND VOLUME: on each disk
everywhere() { local disk; for disk in "${members[@]}"; do "$1" "$disk" "$2" || return 1; done; }
nowhere() { local disk; for disk in "${members[@]}"; do not knows "$disk" "$1" || return 1; done; }
# undisturbed: the volume that runs is as it was
undisturbed() {
    write first
    rest first
    that first degraded 0 || fail "first is degraded by $1"
    intact first
}

stop_volume second
quietly mdadm --update-subarray=1 --update=name --name=renamed "/dev/$home"
expect 30 everywhere knows renamed
nowhere second || fail "renamed, but the metadata still has the old name"
mv "$DATA/second" "$DATA/renamed"
quietly mdadm -I "/dev/$home"
settle
expect 30 md renamed
intact renamed
undisturbed "a volume being renamed"
say "second is renamed"

quietly mdadm --add "/dev/$home" "$spare"
settle
expect 30 in_container "$home" "$spare"
stop_volume renamed
quietly mdadm --kill-subarray=1 "/dev/$home"
expect 30 nowhere renamed
undisturbed "a volume being deleted"
quietly mdadm --remove "/dev/$home" "$spare"
settle
expect 30 not in_container "$home" "$spare"
say "renamed is deleted"

quietly mdadm -CR /dev/md/third -l 5 -n 3 "${members[@]}"
settle
rest third
[ "$(volume_bytes third)" -gt $((60 << 20)) ] || fail "third is $(volume_bytes third) bytes: it was to take all that is left"
expect 30 everywhere knows third
fill third
undisturbed "a volume being created"
dump third
say "third is created in the room that was left: $(volume_bytes third) bytes"

quietly mdadm --zero-superblock "$spare"
quietly mdadm --add "/dev/$home" "$spare"
settle
expect 30 in_container "$home" "$spare"
fail_disk first "${members[1]}"
members=("${members[0]}" "$spare" "${members[2]}")
for name in first third; do
    expect 120 degraded "$name" 0
    consistent "$name"
    intact "$name"
done
say "a disk failed: both are rebuilt"
stop_all
assemble_one_by_one "${members[@]}"
for name in first third; do
    expect 30 md "$name"
    intact "$name"
done
stop_all

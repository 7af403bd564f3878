#!/bin/bash
# After a crash in the middle of writing, a RAID5 with a bitmap resyncs what the bitmap says and no more; without one, everything. A bit
# stands for 64 MiB of each leg (IMSM's choice), of which the legs have nine. What was read of the legs tells which it was.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

bit=64 legs=576 # MiB
disks 3 640M
container imsm0 "${DISKS[@]}"
# The disks are full of zeros, so it is in sync.
volume vol0 5 3 ${legs}M imsm0 --assume-clean
rest vol0

# crash HEX: with the bitmap beginning so, - for none, the disks as they are in the middle of writing, dirty, are what is there afterwards
crash() {
    local disk number
    echo 60 >"$(attribute vol0 safe_mode_delay)"
    dd if=/dev/urandom of="$DATA/vol0" bs=1M count=2 status=none
    dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=1M oflag=direct conv=notrunc status=none
    volume_is vol0 active || fail "vol0 was written, but is $(get vol0 array_state)"
    [ "$1" = - ] || bits_are "$1" || fail "written at its beginning, but the bitmap does not say so"
    for number in "${!DISKS[@]}"; do cp --sparse=always "/disks/d$number" "/disks/crashed$number"; done
    stop_all
    for number in "${!DISKS[@]}"; do
        losetup -d "/dev/loop$number"
        mv "/disks/crashed$number" "/disks/d$number"
        losetup "/dev/loop$number" "/disks/d$number"
    done
    settle
    for disk in "${DISKS[@]}"; do
        recorded "$disk" vol0 "Dirty State" dirty || fail "$disk: crashed while vol0 was written, but is $(examined "$disk" vol0 "Dirty State")"
    done
}

# bits_are HEX: what the bitmap on a leg begins with; sysfs tells where it lies behind the data, which begins with the leg
bits_are() {
    local where found
    where=$(get vol0 bitmap/location)
    found=$(dd if=/disks/d0 bs=512 skip="${where#+}" count=1 status=none | od -A n -t x1 -N 2)
    [ "${found// /}" = "$1" ]
}

# read_of DISK: REPLY is how many MiB were read of it since it was attached
read_of() {
    local sectors
    read -r _ _ sectors _ <"/sys/block/${1#/dev/}/stat"
    REPLY=$((sectors / 2048))
}

# resync: assembled; READ is how many MiB of each leg that took, on average
resync() {
    local disk before=0 after=0
    set_pace 1
    quietly mdadm -A /dev/md/imsm0 "${DISKS[@]}"
    for disk in "${DISKS[@]}"; do read_of "$disk"; before=$((before + REPLY)); done
    quietly mdadm -I "/dev/$(md imsm0)"
    expect 30 md vol0
    expect 30 that vol0 sync_action resync
    set_pace 4000000
    rest vol0
    for disk in "${DISKS[@]}"; do read_of "$disk"; after=$((after + REPLY)); done
    READ=$(((after - before) / ${#DISKS[@]}))
    intact vol0
}

home=$(container_of vol0)
stop_volume vol0
quietly mdadm --update-subarray=0 --update=bitmap "/dev/$home"
quietly mdadm -I "/dev/$home"
settle
expect 30 md vol0
bitmap_or_end vol0
expect 30 that vol0 consistency_policy bitmap
# mdadm makes a bitmap with all bits set, which md clears some time after the first write: the nine in use.
bits_are ffff || fail "a new bitmap has bits that are not set"
dd if=/dev/zero of="/dev/$(md vol0)" bs=64k count=1 oflag=direct conv=notrunc status=none
expect 60 bits_are 00fe
rest vol0

crash 01fe
resync
that vol0 consistency_policy bitmap || fail "its consistency_policy is $(get vol0 consistency_policy) after the crash, expected bitmap"
say "with a bitmap: $READ MiB of each leg were read"
[ "$READ" -ge $((bit - 2)) ] && [ "$READ" -le $((bit * 2)) ] || fail "resynced with a bitmap: $READ MiB of each leg were read, expected one bit's $bit"
consistent vol0

home=$(container_of vol0)
stop_volume vol0
without_bitmap_or_end "$home"
quietly mdadm -I "/dev/$home"
settle
expect 30 md vol0
expect 30 that vol0 consistency_policy resync
rest vol0
crash -
resync
say "without: $READ MiB of each leg were read"
[ "$READ" -ge $((legs - 2)) ] || fail "resynced without a bitmap: $READ MiB of each leg were read, expected all $legs"
stop_all

#!/bin/bash
# md finds bad blocks. WAY=write: a leg of a RAID5 volume refuses writes to 16 sectors. WAY=rebuild: 16 sectors of a RAID1 volume's
# only leg cannot be read while the other is rebuilt. They are recorded before md goes on, no leg fails, they survive stop and
# assemble, and are forgotten when they are overwritten: first half of them, then the rest.
. "$LAB/guest-lib.sh"
. ./states-lib.sh

case $WAY in write) level=5 legs=3 ;; rebuild) level=1 legs=2 ;; *) fail "WAY is write or rebuild, not $WAY" ;; esac
disks 3 48M
loops=("${DISKS[@]}")
DISKS=()
for i in 0 1 2; do
    dmsetup create "leg$i" --table "0 $(blockdev --getsz "${loops[i]}") linear ${loops[i]} 0"
    DISKS+=("/dev/$(basename "$(readlink -f "/dev/mapper/leg$i")")")
done
settle
container imsm0 "${DISKS[@]:0:legs}"
quietly mdadm -CR /dev/md/vol0 -l "$level" -n "$legs" -z 16M "${DISKS[@]:0:legs}"
settle
rest vol0
fill vol0
rest vol0

# table DISK TABLE: another table for the disk's device
table() {
    local name
    name=$(cat "/sys/block/$(basename "$1")/dm/name")
    dmsetup suspend --nolockfs "$name"
    dmsetup reload "$name" --table "$2"
    dmsetup resume "$name"
    settle
}

# spoil DISK SECTOR: 16 sectors can be neither read nor written; mend DISK: they can again
under() { echo "${loops[${1##*-}]}"; }
spoil() {
    local size behind=$(($2 + 16))
    size=$(blockdev --getsz "$1")
    table "$1" "0 $2 linear $(under "$1") 0
$2 16 error
$behind $((size - behind)) linear $(under "$1") $behind"
}
mend() { table "$1" "0 $(blockdev --getsz "$1") linear $(under "$1") 0"; }

# recorded_bad DISK SECTORS: the metadata has so many bad sectors of the disk
recorded_sectors() { mdadm --examine-badblocks "$1" | awk '/ for [0-9]+ sectors/ { sum += $3 } END { print sum + 0 }'; }
recorded_bad() { [ "$(recorded_sectors "$1")" = "$2" ]; }

# listed DISK SECTORS: md's own list has so many, and none that waits to be recorded
listed() {
    local sector length sum=0 leg
    leg=$(attribute vol0 "dev-$(basename "$1")")
    while read -r sector length; do sum=$((sum + length)); done <"$leg/bad_blocks"
    [ "$sum" = "$2" ] && [ -z "$(cat "$leg/unacknowledged_bad_blocks")" ] && ! has "$leg/state" blocked
}

# dev DISK ATTRIBUTE: of the disk's leg
dev() { cat "$(attribute vol0 "dev-$(basename "$1")")/$2"; }

# put KIBIBYTES: 4 KiB of the data again, there
put() { dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=4k count=1 seek=$(($1 / 4)) skip=$(($1 / 4)) oflag=direct conv=notrunc status=none; }

# At 1 MiB into the legs; for RAID5 on the leg that holds the parity there.
case $WAY in
    write)
        chunk=$(($(get vol0 chunk_size) / 1024))
        spoiled=$(leg vol0 $((2 - 1024 / chunk % 3)))
        inside=2048
        bad=("$spoiled") ;;
    rebuild)
        spoiled=$(leg vol0 0)
        inside=1024
        bad=("$spoiled" "${DISKS[2]}") ;;
esac
first=$(($(dev "$spoiled" offset) + 2048))
recorded_bad "$spoiled" 0 || fail "bad blocks before anything was bad: $(mdadm --examine-badblocks "$spoiled")"
spoil "$spoiled" "$first"
say "$spoiled, offset $(dev "$spoiled" offset): sectors $first to $((first + 15)) are bad"

if [ "$WAY" = write ]; then
    # Page by page: of whole stripes, which it writes in batches, kernel 6.1 notices only the first one's error.
    put "$inside"
    put $((inside + 4))
    expect 10 listed "$spoiled" 16
    [ "$SUPERVISOR" != actorraid ] || state volume-bad-sectors array="$(md vol0)" container="$(container_of vol0)" volume=vol0 disk="$(name "$spoiled")"
    intact vol0
else
    quietly mdadm --add "/dev/$(container_of vol0)" "${DISKS[2]}"
    settle
    lost=$(leg vol0 1)
    fail_disk vol0 "$lost"
    expect 30 test -e "$(attribute vol0 dev-dm-2)"
    rest vol0
    for disk in "${bad[@]}"; do expect 10 listed "$disk" 16; done
    if dd if="/dev/$(md vol0)" of=/dev/null bs=4k count=1 skip=$((inside / 4)) iflag=direct status=none 2>/out/unreadable; then
        fail "what no leg has any more was read"
    fi
fi
degraded vol0 0 || fail "a leg has failed"
for disk in "${bad[@]}"; do expect 10 recorded_bad "$disk" 16; done
say "recorded: $(for disk in "${bad[@]}"; do mdadm --examine-badblocks "$disk" | grep sectors; done)"
rest vol0
stop_all
for disk in "${bad[@]}"; do recorded_bad "$disk" 16 || fail "$disk, stopped: $(mdadm --examine-badblocks "$disk")"; done
entries=$(mdadm -E "$spoiled" | sed -n 's/ *Entry Count : //p')
[ "${entries:-0}" -ge "${#bad[@]}" ] || fail "mdadm -E shows ${entries:-no} entries: $(mdadm -E "$spoiled")"

mend "$spoiled"
members=()
for disk in "${DISKS[@]}"; do [ "$disk" = "${lost:-}" ] || members+=("$disk"); done
assemble imsm0 "${members[@]}"
expect 30 md vol0
for disk in "${bad[@]}"; do listed "$disk" 16 || fail "$disk, assembled again: md lists $(dev "$disk" bad_blocks)"; done
say "assembled again: md knows $entries entries"
put "$inside"
for disk in "${bad[@]}"; do
    expect 10 listed "$disk" 8
    expect 10 recorded_bad "$disk" 8
done
say "half of it overwritten: $(for disk in "${bad[@]}"; do mdadm --examine-badblocks "$disk" | grep sectors; done)"
put $((inside + 4))
for disk in "${bad[@]}"; do
    expect 10 listed "$disk" 0
    expect 10 recorded_bad "$disk" 0
done
mdadm -E "$spoiled" >/out/examined
not has /out/examined "Bad Block" || fail "all was overwritten, but mdadm -E says: $(cat /out/examined)"
intact vol0
consistent vol0
stop_all
say "forgotten when it was overwritten"

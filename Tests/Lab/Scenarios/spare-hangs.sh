#!/bin/bash
# A spare hangs (a suspended device-mapper target) while it is being joined to a volume with PPL, for which something
# has to be written to it. The volume's writers do not wait for that; and when the spare is pulled, or does not answer
# for half a minute (WAY: pull, limit), the array is thawed and goes on with another one, or with this one later.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh
. ./states-lib.sh

disks 5 64M
dmsetup create hang --table "0 $(blockdev --getsz "${DISKS[4]}") linear ${DISKS[4]} 0"
settle
spare="/dev/$(basename "$(readlink -f /dev/mapper/hang)")"
legs=("${DISKS[@]:0:3}")
container imsm0 "${legs[@]}"
volume vol0 5 3 16M imsm0
rest vol0
quietly mdadm --add "/dev/$(md imsm0)" "$spare"
quietly mdadm --grow "/dev/$(md vol0)" --consistency-policy=ppl
expect 30 that vol0 consistency_policy ppl
fill vol0
rest vol0

dmsetup suspend --nolockfs --noflush hang
before=$(now_ms) failed=$(now_ms)
fail_disk vol0 "${legs[1]}"
expect 30 not in_container "$(md vol0)" "${legs[1]}"
expect 30 that vol0 sync_action frozen
say "vol0 is frozen $(($(now_ms) - before)) ms after ${legs[1]} failed: $spare hangs"
for _ in 1 2 3; do
    expect 20 volume_is vol0 clean
    before=$(now_ms)
    timeout 20 dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=64k count=16 oflag=direct conv=notrunc status=none ||
        fail "a write waits for a spare that hangs"
    say "1 MiB written in $(($(now_ms) - before)) ms meanwhile"
    echo 0.1 >"$(attribute vol0 safe_mode_delay)"
done
home=$(container_of vol0)
[ "$SUPERVISOR" = mdmon ] || state disk-waits-in-kernel array="$(md vol0)" volume=vol0 disk="$(basename "$spare")" serial="$spare" failed="$(basename "${legs[1]}")"

if [ "$WAY" = limit ]; then
    # Given up after half a minute; it joins when it answers after all.
    expect 45 that vol0 sync_action idle
    say "$spare is given up $(($(now_ms) - failed)) ms after ${legs[1]} failed"
    timeout 20 dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=64k count=16 oflag=direct conv=notrunc status=none ||
        fail "a write waits for a spare that was given up"
    dmsetup resume hang
    joined=$spare
else
    # Pulled: the kernel's word for a disk that is gone comes from udev as this.
    echo remove >"/sys/block/$(container_of vol0)/md/dev-$(basename "$spare")/state"
    expect 20 that vol0 sync_action idle
    say "the spare is pulled: $(get vol0 sync_action)"
    always 2 that vol0 sync_action idle
    quietly mdadm --add "/dev/$(container_of vol0)" "${DISKS[3]}"
    joined=${DISKS[3]}
fi
expect 90 whole vol0
[ "$(leg vol0 1)" = "$joined" ] || fail "slot 1 of vol0 is $(leg vol0 1), expected $joined"
[ "$WAY" = limit ] || dmsetup resume hang
always 2 whole vol0
consistent vol0
intact vol0
that vol0 consistency_policy ppl || fail "its consistency_policy is $(get vol0 consistency_policy)"
stop_all

#!/bin/bash
# What a RAID5 volume does about a crash is changed and changed back. POLICY=ppl: while it runs (mdadm --grow
# --consistency-policy) and while it is stopped (--update-subarray). POLICY=bitmap: while it is stopped. After a crash in
# the middle of writing, a volume with PPL needs no resync; one with a bitmap does (a bit stands for 64 MiB, more than there
# are), and keeps its bitmap.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

case $POLICY in
    ppl) recorded="Multiple distributed PPLs" ;;
    bitmap) recorded="Write-intent bitmap" ;;
    *) fail "POLICY is ppl or bitmap, not $POLICY" ;;
esac
disks 3 64M
container imsm0 "${DISKS[@]}"
volume vol0 5 3 32M imsm0
rest vol0
fill vol0
rest vol0

# policy_is KERNEL'S METADATA'S: both agree
policy_is() {
    expect 30 that vol0 consistency_policy "$1"
    expect 30 recorded_everywhere vol0 "RWH Policy" "$2" "${DISKS[@]}"
}

# crash: the disks as they are in the middle of writing, dirty, are what is there afterwards
crash() {
    local disk number
    echo 60 >"$(attribute vol0 safe_mode_delay)"
    dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=64k count=1 oflag=direct conv=notrunc status=none
    volume_is vol0 active || fail "vol0 was written, but is $(get vol0 array_state)"
    sync
    for number in "${!DISKS[@]}"; do cp --sparse=always "/disks/d$number" "/disks/crashed$number"; done
    stop_all
    for number in "${!DISKS[@]}"; do
        dd if="/disks/crashed$number" of="${DISKS[number]}" bs=1M oflag=direct status=none
        rm "/disks/crashed$number"
    done
    for disk in "${DISKS[@]}"; do
        recorded "$disk" vol0 "Dirty State" dirty || fail "$disk: crashed while vol0 was written, but is $(examined "$disk" vol0 "Dirty State")"
    done
}

# start: assembled at a pace at which a whole resync would never end
start() {
    set_pace 1
    assemble_one_by_one "${DISKS[@]}"
    expect 30 md vol0
    expect 30 not volume_is vol0 inactive clear
    say "assembled: $(get vol0 array_state), $(get vol0 sync_action), resync_start $(get vol0 resync_start)"
}

policy_is resync off
if [ "$POLICY" = ppl ]; then
    quietly mdadm --grow "/dev/$(md vol0)" --consistency-policy=ppl
    policy_is ppl "$recorded"
    intact vol0
    say "PPL, while it runs"
else
    home=$(container_of vol0)
    stop_volume vol0
    quietly mdadm --update-subarray=0 --update=bitmap "/dev/$home"
    quietly mdadm -I "/dev/$home"
    settle
    expect 30 md vol0
    policy_is bitmap "$recorded"
    intact vol0
    say "bitmap, while it is stopped"
fi
dump with-policy
fill vol0

crash
start
policy_is "$POLICY" "$recorded"
if [ "$POLICY" = ppl ]; then
    always 2 that vol0 sync_action idle
else
    expect 30 that vol0 sync_action resync
fi
say "crashed and assembled with $POLICY: $(get vol0 sync_action)"
set_pace 400000
consistent vol0
intact vol0

home=$(container_of vol0)
if [ "$POLICY" = ppl ]; then
    quietly mdadm --grow "/dev/$(md vol0)" --consistency-policy=resync
    policy_is resync off
    stop_volume vol0
    quietly mdadm --update-subarray=0 --update=ppl "/dev/$home"
    quietly mdadm -I "/dev/$home"
    settle
    expect 30 md vol0
    policy_is ppl "$recorded"
    consistent vol0
    stop_volume vol0
    quietly mdadm --update-subarray=0 --update=no-ppl "/dev/$home"
else
    stop_volume vol0
    without_bitmap_or_end "$home"
fi
quietly mdadm -I "/dev/$home"
settle
expect 30 md vol0
policy_is resync off
intact vol0

crash
start
expect 30 that vol0 sync_action resync
say "crashed and assembled without: it resyncs"
set_pace 400000
rest vol0
consistent vol0
intact vol0
stop_all

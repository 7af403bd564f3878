#!/bin/bash
# The states of states.table that are over in a moment unless something is slow: a write that takes its time, metadata
# that cannot be recorded at once, two resyncs on the same disks. PARTS names those that are made.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh
. ./states-lib.sh

# made: a volume on three disks, or the one that there was, as it is before anything is written
made() {
    if [ -z "${array:-}" ]; then
        container imsm0 "${DISKS[@]:0:3}"
        quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
        settle
        rest vol0
    fi
    stop_all
    assemble_one_by_one "${DISKS[@]:0:3}"
    array=$(md vol0) home=$(container_of vol0)
    called=(array="$array" volume=vol0 first="$(name "${DISKS[0]}")" disk="$(name "${DISKS[1]}")" serial="${DISKS[1]}" third="$(name "${DISKS[2]}")")
}
# says PATTERN: the first line of status
says() { actorraid status >/out/now || true; head -n 1 /out/now | grep -q "$1"; }
tails() { local disk; for disk in 0 1 2; do tail_of $disk "$@"; done; }

written() {
    made
    state volume-read-auto "${called[@]}"
    echo 600 >"$(attribute vol0 safe_mode_delay)"
    write
    state volume-active "${called[@]}"
    echo 0.2 >"$(attribute vol0 safe_mode_delay)"
    write
    expect 20 volume_is vol0 clean
    echo frozen >"$(attribute vol0 sync_action)"
    state volume-frozen "${called[@]}"
    echo idle >"$(attribute vol0 sync_action)"

    # Copies that disagree.
    printf 'x' | dd of="${LOOPS[1]}" bs=1 seek=5000 conv=notrunc oflag=sync status=none
    echo check >"$(attribute vol0 sync_action)"
    expect 20 that vol0 sync_action idle
    state volume-mismatched "${called[@]}"
    for action in repair check; do
        echo $action >"$(attribute vol0 sync_action)"
        expect 20 that vol0 sync_action idle
    done
    rest vol0
}

# Nothing can be recorded.
unrecorded() {
    made
    write
    rest vol0
    tails refuse
    write &
    writer=$!
    state volume-writers-wait "${called[@]}"
    tails linear
    expect 20 ended "$writer"
    rest vol0
    expect 20 eval 'actorraid status >/dev/null'
    tails refuse
    echo faulty >"/sys/block/$array/md/dev-$(name "${DISKS[1]}")/state"
    state volume-leg-blocked "${called[@]}"
    echo remove >"/sys/block/$array/md/dev-$(name "${DISKS[1]}")/state"
    EVENTS_BEFORE=0
    state volume-leg-vanished "${called[@]}"
    tails linear
    expect 20 says "^DEGRADED.*no spare"

    # The leg was gone when its failure could be recorded: that is told all the same, once.
    expect 10 grep -q "^Fail " /out/hooks
    [ "$(grep -c ' leg-failed ' "$ACTORRAID_LOG")" = 1 ] || fail "a lost leg was told $(grep -c ' leg-failed ' "$ACTORRAID_LOG") times"
    recorded_like "${DISKS[0]}" vol0 "Map State" "*degraded" || fail "not recorded: $(examined "${DISKS[0]}" vol0 "Map State")"
    stop_all
    for disk in "${DISKS[@]:0:3}"; do mdadm --zero-superblock "$disk"; done
    array=
}

# What is slow.
slow() {
    made
    # md's timer says idle while a write is under way: it refuses clean, calls the array active again, and tells nobody.
    late_front 1 3000
    echo 0.2 >"$(attribute vol0 safe_mode_delay)"
    dd if=/dev/zero of="/dev/$array" bs=4k count=1 seek=1500 oflag=direct conv=notrunc status=none
    dd if=/dev/urandom of="/dev/$array" bs=128k count=1 oflag=direct conv=notrunc status=none &
    writer=$!
    pause 1.5
    said=$(actorraid status --json vol0 | python3 -c 'import json, sys; print(json.load(sys.stdin)["containers"][0]["arrays"][0]["state"])')
    volume_is vol0 active && ! ended "$writer" || fail "md says $(get vol0 array_state): the scenario proves nothing"
    [ "$said" = active ] || fail "while a write is under way, the array is told to be $said"
    expect 20 ended "$writer"
    rest vol0
    # A leg that md does not let go of, as a write to it is under way.
    late_front 1 12000
    dd if=/dev/urandom of="/dev/$array" bs=128k count=1 oflag=direct conv=notrunc status=none &
    writer=$!
    pause 0.5
    fail_disk vol0 "${DISKS[1]}"
    state volume-leg-faulty "${called[@]}"
    expect 20 ended "$writer"
    late_front 1 0

    # An array that is put together, and not started: mdadm does the one after the other.
    fresh vol0
    rest vol0
    stop_volume vol0
    echo md120 >/sys/module/md_mod/parameters/new_array
    local attributes=/sys/block/md120/md
    echo "external:/$home/0" >$attributes/metadata_version
    echo raid5 >$attributes/level
    echo 3 >$attributes/raid_disks
    for disk in "${DISKS[@]:0:3}"; do cat "/sys/block/$(name "$disk")/dev" >$attributes/new_dev; done
    say "$(tr '\n' ' ' </proc/mdstat)"
    state volume-assembled-not-started array=md120 volume=vol0
    quietly mdadm -S /dev/md120
    stop_all
}

# fresh VOLUME...: a container with these
fresh() {
    local disk volume
    stop_all
    for disk in "${DISKS[@]:0:3}"; do mdadm --zero-superblock "$disk" 2>/dev/null || true; done
    settle
    container imsm0 "${DISKS[@]:0:3}"
    home=$(md imsm0) array=
    for volume; do
        quietly mdadm -CR "/dev/md/$volume" -l 5 -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
        settle
    done
}

# Resyncs: two on the same disks, and one that does not run.
resyncs() {
    set_pace 500
    fresh vol0 vol1
    state volume-resync-delayed array="$(md vol1)" volume=vol1 other="$(md vol0)"
    fresh vol0
    expect 20 reached vol0 10
    echo frozen >"$(attribute vol0 sync_action)"
    state volume-resync-frozen array="$(md vol0)" volume=vol0
    echo idle >"$(attribute vol0 sync_action)"
    expect 20 reached vol0 12
    echo read-auto >"$(attribute vol0 array_state)"
    state volume-resync-pending array="$(md vol0)" volume=vol0
    write
    expect 20 reached vol0 15
    quietly mdadm --readonly "/dev/$(md vol0)"
    state volume-readonly-resync-pending array="$(md vol0)" volume=vol0
    quietly mdadm --readwrite "/dev/$(md vol0)"
    set_pace 400000
    rest vol0
    stop_all
}

hooks_on '"activateSpares": false' "${EVENTS[@]}"
daemon_on
gateway_on
mapped_disks 4 32M
for part in ${PARTS:-written unrecorded slow resyncs}; do "$part"; done
kill "$GATEWAY" "$daemon"

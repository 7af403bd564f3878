#!/bin/bash
# The states of states.table that an array's life has, with a daemon, hooks and a gateway; PARTS names those that are
# made (an ordinary run leaves out the first, which takes a minute and a half).
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh
. ./states-lib.sh

# One container, from nothing to more failed disks than it can do without.
running() {
    state nothing
    container imsm0 "${DISKS[@]:0:3}"
    home=$(md imsm0)
    state container-of-spares
    set_pace 500
    quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
    settle
    array=$(md vol0)
    called=(array="$array" volume=vol0 disk="$(name "${DISKS[1]}")" serial="${DISKS[1]}" spare="$(name "${DISKS[3]}")")
    expect 20 reached vol0 5
    state volume-resync "${called[@]}"
    set_pace 400000
    rest vol0
    HOOKS_BEFORE=0 EVENTS_BEFORE=0
    state volume-whole "${called[@]}"
    set_pace 500
    echo check >"$(attribute vol0 sync_action)"
    state volume-check "${called[@]}"
    echo idle >"$(attribute vol0 sync_action)"
    expect 10 that vol0 sync_action idle
    echo repair >"$(attribute vol0 sync_action)"
    state volume-repair "${called[@]}"
    echo idle >"$(attribute vol0 sync_action)"
    set_pace 400000
    rest vol0
    quietly mdadm --readonly "/dev/$array"
    state volume-readonly "${called[@]}"
    quietly mdadm --readwrite "/dev/$array"
    rest vol0

    # A disk that takes no metadata.
    tail_of 1 error
    write
    state disk-doubtful "${called[@]}"
    rest vol0
    tail_of 1 linear
    expect 20 eval 'actorraid status >/dev/null'

    # A thread that is stuck.
    freeze "$home"
    began=$(now_ms)
    actorraid status >/out/stuck && fail "a thread that is stuck is OK" || [ $? = 2 ]
    took=$(($(now_ms) - began))
    [ "$took" -lt 3000 ] || fail "with a thread that is stuck, status took $took ms"
    say "with a thread that is stuck: $took ms"
    state container-stuck "${called[@]}"
    thaw
    expect 20 eval 'actorraid status >/dev/null'

    # A disk that hangs: the others have the metadata, and its write waits.
    dmsetup suspend --nolockfs --noflush disk1
    dd if=/dev/urandom of="/dev/$array" bs=1M count=4 oflag=direct conv=notrunc status=none &
    writer=$!
    state disk-hangs "${called[@]}"
    dmsetup resume disk1
    expect 20 ended "$writer"
    wait "$writer" || fail "the write failed"
    rest vol0
    expect 20 eval 'actorraid status >/dev/null'

    quietly mdadm --add "/dev/$home" "${DISKS[3]}"
    settle
    state disk-spare array="$array" volume=vol0 disk="$(name "${DISKS[3]}")" serial="${DISKS[3]}"

    # A disk fails: what is done about it, and what not.
    fail_disk vol0 "${DISKS[1]}"
    state volume-degraded-with-spare "${called[@]}"
    echo "external:-$home/0" >"$(attribute vol0 metadata_version)"
    HOOKS_BEFORE=0 EVENTS_BEFORE=0
    state volume-degraded-frozen "${called[@]}"
    echo "external:/$home/0" >"$(attribute vol0 metadata_version)"
    set_pace 500
    hooks_on "" "${EVENTS[@]}"
    quietly actorraid reload
    HOOKS_BEFORE=0 EVENTS_BEFORE=0
    expect 30 reached vol0 25
    state volume-rebuilding "${called[@]}"
    set_pace 400000
    rest vol0
    state disk-failed-still-there "${called[@]}"
    quietly mdadm --remove "/dev/$home" "${DISKS[1]}"
    called=(array="$array" volume=vol0 first="$(name "${DISKS[0]}")" disk="$(name "${DISKS[2]}")" serial="${DISKS[2]}")
    fail_disk vol0 "${DISKS[2]}"
    state volume-degraded-no-spare "${called[@]}"
    fail_another "${DISKS[0]}"
    state volume-failed "${called[@]}"
    stop_all
    for disk in "${DISKS[@]:0:4}"; do quietly mdadm --zero-superblock "$disk"; done
    settle
}

# What does not run; what is said without a daemon; and of copies that are torn.
resting() {
    # What does not run.
    container imsm0 "${DISKS[@]:0:3}"
    home=$(md imsm0)
    quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
    settle
    rest vol0
    stop_volume vol0
    stopped=(array="$home/0" volume=vol0)
    state volume-stopped "${stopped[@]}"
    stop_all
    assemble_one_by_one "${DISKS[0]}"
    home=$(basename /sys/block/md[0-9]*)
    state volume-disks-gone container="$home" array="$home/0" volume=vol0
    assemble_one_by_one "${DISKS[1]}"
    state volume-stopped-degraded container="$home" array="$home/0" volume=vol0
    assemble_one_by_one "${DISKS[2]}"
    rest vol0

    # Without a daemon, while a disk hangs, and with another monitor.
    daemon_off
    array=$(md vol0) home=$(container_of vol0)
    called=(array="$array" volume=vol0 disk="$(name "${DISKS[1]}")" serial="${DISKS[1]}" spare="$(name "${DISKS[3]}")")
    state daemon-not-running-not-root
    state container-unmonitored "${called[@]}"
    dmsetup suspend --nolockfs --noflush disk1
    began=$SECONDS
    state disk-unreadable-no-daemon "${called[@]}"
    dmsetup resume disk1
    say "with a disk that hangs: $((SECONDS - began)) s for all"
    mdmon.distrib "$home"
    state container-monitored-by-another process="$(supervisor "$home")" "${called[@]}"
    kill -9 "$(supervisor "$home")"

    # A copy that is torn, then none that is whole: the metadata is put back, and the container is taken up by itself.
    last() { echo $(($(blockdev --getsz "${LOOPS[$1]}") - 8)); }
    for disk in 0 1 2; do dd if="${LOOPS[disk]}" of="/data/tail$disk" bs=512 skip="$(last $disk)" status=none; done
    spoil() { printf 'x' | dd of="${LOOPS[$1]}" bs=1 seek=$((($(blockdev --getsz "${LOOPS[$1]}") - 2) * 512 + 100)) conv=notrunc status=none; sync; }
    spoil 1
    daemon_on
    state disk-torn "${called[@]}"
    daemon_off
    for disk in 0 2; do spoil $disk; done
    daemon_on
    state container-refused first="$(name "${DISKS[0]}")" third="$(name "${DISKS[2]}")" "${called[@]}"
    # All at once: taken up with one of them, it has the others for torn until something is recorded.
    python3 - "${LOOPS[@]:0:3}" <<'PYTHON'
import os, sys
disks = [(os.open(disk, os.O_WRONLY), open(f"/data/tail{number}", "rb").read()) for number, disk in enumerate(sys.argv[1:])]
for disk, tail in disks:
    os.pwrite(disk, tail, os.lseek(disk, 0, os.SEEK_END) - len(tail))
for disk, _ in disks:
    os.fsync(disk)
PYTHON
    expect 60 eval 'actorraid status >/dev/null'
    stop_all
}

# fail_another DISK: more than the array can do without, which md calls busy, and mdadm from 4.4 on does not do
fail_another() {
    mdadm --fail "/dev/$array" "$1" >/out/refused 2>&1 || true
    is "/sys/block/$array/md/degraded" 2 || echo faulty >"/sys/block/$array/md/dev-$(name "$1")/state" || true
}

# What is not ours.
create() { quietly mdadm -CR /dev/md/native --metadata=1.2 "$@"; settle; array=$(md native); }
native() {
    mark() { called=(array="$array" disk="$(name "${DISKS[5]}")"); }
    create -l 1 -n 2 --assume-clean "${DISKS[@]:4:2}"
    mark
    state native-whole "${called[@]}"
    echo "4096 16" >"/sys/block/$array/md/dev-$(name "${DISKS[5]}")/bad_blocks"
    state native-bad-sectors "${called[@]}"
    quietly mdadm --fail "/dev/$array" "${DISKS[5]}"
    state native-degraded "${called[@]}"
    set_pace 500
    quietly mdadm --remove "/dev/$array" "${DISKS[5]}"
    quietly mdadm --zero-superblock "${DISKS[5]}"
    quietly mdadm --add "/dev/$array" "${DISKS[5]}"
    state native-rebuilding "${called[@]}"
    quietly mdadm -S "/dev/$array"
    echo 1 >/sys/module/md_mod/parameters/start_ro
    for disk in 4 5; do quietly mdadm --zero-superblock "${DISKS[disk]}"; done
    create -l 1 -n 2 "${DISKS[@]:4:2}"
    quietly mdadm -S "/dev/$array"
    quietly mdadm -A /dev/md/native "${DISKS[@]:4:2}"
    array=$(md native)
    state native-pending "${called[@]}"
    quietly mdadm -S "/dev/$array"
    mdadm -I "${DISKS[4]}" >/out/incremental 2>&1 || true
    array=$(basename /sys/block/md[0-9]*)
    state native-inactive array="$array"
    quietly mdadm -S "/dev/$array"
    set_pace 400000
    echo 0 >/sys/module/md_mod/parameters/start_ro
    for disk in 4 5; do quietly mdadm --zero-superblock "${DISKS[disk]}"; done
    create -l 5 -n 3 --assume-clean "${DISKS[@]:4:3}"
    mark
    quietly mdadm --fail "/dev/$array" "${DISKS[5]}"
    fail_another "${DISKS[6]}"
    state native-failed third="$(name "${DISKS[6]}")" "${called[@]}"
    quietly mdadm -S "/dev/$array"
}

# What is not ours, and takes partitions or SCSI disks.
rare() {
    local first=${DISKS[4]} second=${DISKS[5]} part
    for disk in "$first" "$second"; do
        mdadm --zero-superblock "$disk" 2>/dev/null || true
        losetup -d "$disk"
        losetup -P "$disk" "/disks/d${disk#/dev/loop}"
        for part in 1 2; do addpart "$disk" $part $(((part - 1) * 14336 + 2048)) 14336; done
    done
    settle
    set_pace 500
    for part in 1 2; do quietly mdadm -CR "/dev/md/native$part" --metadata=1.2 -l 1 -n 2 "${first}p$part" "${second}p$part"; done
    settle
    state native-delayed array="$(md native2)" other="$(md native1)"
    for part in 1 2; do quietly mdadm -S "/dev/$(md native$part)"; done
    set_pace 400000
    scsi_disks 2 16
    create -l 0 -n 2 -c 64 "${DISKS[@]: -2}"
    called=(array="$array" disk="$(name "${DISKS[-1]}")")
    pull 8
    ! dd if="/dev/$array" of=/out/none bs=64k count=16 iflag=direct status=none 2>/out/read || fail "a RAID 0 was read without a leg"
    state native-raid0-failed "${called[@]}"
    quietly mdadm -S "/dev/$array"
}

hooks_on '"activateSpares": false' "${EVENTS[@]}"
daemon_on
gateway_on
mapped_disks 4 32M
disks 3 16M
for part in ${PARTS:-running resting native}; do "$part"; done
kill "$GATEWAY" "$daemon"

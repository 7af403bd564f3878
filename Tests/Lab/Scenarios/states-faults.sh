#!/bin/bash
# The states of states.table that only a fault makes: files that cannot be read, threads that stand still or wait in the
# kernel, disks that do not answer or answer with errors, disks with metadata of others or none. PARTS names those that are made.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh
. ./states-lib.sh

# again: the volume that all of this is about, made anew
again() {
    stop_all
    for disk in "${DISKS[@]}"; do mdadm --zero-superblock "$disk" 2>/dev/null || true; done
    settle
    container imsm0 "${DISKS[@]:0:3}"
    quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
    settle
    rest vol0
    array=$(md vol0) home=$(container_of vol0)
    called=(array="$array" volume=vol0 disk="$(name "${DISKS[1]}")" serial="${DISKS[1]}")
}

# stranger DISK: it has been a container of its own
stranger() {
    quietly mdadm -CR /dev/md/imsm1 -e imsm -n 1 --force "$1"
    settle
    quietly mdadm -CR /dev/md/vol1 -l 0 -n 1 -z 8M --force "$1"
    settle
    quietly mdadm -S "/dev/$(md vol1)"
    quietly mdadm -S "/dev/$(md imsm1)"
    settle
}

# unreadable FILE: reading it is an error, EIO: it has become the beginning of a process's memory, where nothing is
unreadable() { mount --bind /proc/1/mem "$1"; }

# Files that cannot be read, threads that stand still or wait in the kernel, for a disk that hangs.
threads() {
    unreadable /proc/mdstat
    state mdstat-unreadable "${called[@]}"
    umount /proc/mdstat

    freeze host
    state actors-silent
    thaw
    freeze "$(cut -c 1-15 <<<"container-$home")"
    state container-silent "${called[@]}"
    thaw
    expect 20 eval 'actorraid status >/dev/null'

    dmsetup suspend --nolockfs --noflush disk1
    freeze "$home" "${DISKS[1]}"
    state container-waits-in-kernel "${called[@]}"
    rm /out/frozen
    dmsetup resume disk1
    expect 10 ended "$freezer"
    expect 20 eval 'actorraid status >/dev/null'
    write
    rest vol0
}

# Disks without metadata, and such as cannot be read or do not answer when the daemon begins.
unread() {
    # A disk in the container that nobody wrote metadata to when the daemon begins.
    daemon_off
    cat "/sys/block/$(name "${DISKS[3]}")/dev" >"/sys/block/$home/md/new_dev"
    daemon_on
    state disk-blank array="$array" volume=vol0 disk="$(name "${DISKS[3]}")"

    # Disks that cannot be read when it begins: one that is used, one that is not.
    echo remove >"/sys/block/$home/md/dev-$(name "${DISKS[3]}")/state"
    daemon_off
    tail_of 1 error
    daemon_on
    state disk-unreadable "${called[@]}"
    tail_of 1 linear
    expect 20 eval 'actorraid status >/dev/null'
    quietly mdadm --add "/dev/$home" "${DISKS[3]}"
    settle
    daemon_off
    tail_of 3 error
    daemon_on
    state disk-unreadable-not-used array="$array" volume=vol0 disk="$(name "${DISKS[3]}")"
    tail_of 3 linear
    expect 20 eval 'actorraid status | grep -qx "OK: 1 container, 1 array"'

    # All hang, so that nothing is known yet.
    daemon_off
    for disk in 0 1 2 3; do dmsetup suspend --nolockfs --noflush "disk$disk"; done
    daemon_on
    state container-starting "${called[@]}"
    for disk in 0 1 2 3; do dmsetup resume "disk$disk"; done
    expect 60 eval 'actorraid status >/dev/null'
}

# A disk of another family; and one that md was given as a leg while nobody looked, which nobody has recorded.
families() {
    [ ! -e "/sys/block/$home/md/dev-$(name "${DISKS[3]}")" ] || quietly mdadm --remove "/dev/$home" "${DISKS[3]}"
    mdadm --zero-superblock "${DISKS[3]}" 2>/dev/null || true
    stranger "${DISKS[3]}"
    daemon_off
    cat "/sys/block/$(name "${DISKS[3]}")/dev" >"/sys/block/$home/md/new_dev"
    daemon_on
    state disk-foreign array="$array" volume=vol0 disk="$(name "${DISKS[3]}")"
    write
    rest vol0
    echo remove >"/sys/block/$home/md/dev-$(name "${DISKS[3]}")/state"
    daemon_off
    leg=/sys/block/$array/md/dev-$(name "${DISKS[1]}")
    for word in faulty -blocked remove; do echo $word >"$leg/state"; done
    leg=/sys/block/$array/md/dev-$(name "${DISKS[3]}")
    echo frozen >"/sys/block/$array/md/sync_action"
    cat "/sys/block/$(name "${DISKS[3]}")/dev" >"/sys/block/$array/md/new_dev"
    for attribute in offset size; do cat "/sys/block/$array/md/dev-$(name "${DISKS[0]}")/$attribute" >"$leg/$attribute"; done
    echo 1 >"$leg/slot"
    echo recover >"/sys/block/$array/md/sync_action"
    expect 20 eval '{ ! volume_is vol0 write-pending || echo active >"/sys/block/$array/md/array_state"; } && whole vol0'
    daemon_on
    state volume-not-as-recorded array="$array" volume=vol0
    again
}

# What of the container or of an array cannot be read, and descriptors.
files() {
    # The monitor's file cannot be read.
    daemon_off
    rm -f "/run/mdadm/$home.pid"
    mkdir "/run/mdadm/$home.pid"
    state container-monitor-unknown "${called[@]}"
    rmdir "/run/mdadm/$home.pid"

    # Nor can which disks the container has.
    daemon_on
    stop_volume vol0
    unreadable "/sys/block/$home/md/dev-$(name "${DISKS[0]}")/block/dev"
    state container-not-readable "${called[@]}"
    umount "/sys/block/$home/md/dev-$(name "${DISKS[0]}")/block/dev"

    quietly mdadm -I "/dev/$home"
    settle
    rest vol0

    # It cannot be taken up, for a reason of the daemon's own: descriptors.
    stop_volume vol0
    expect 10 not test -e "/run/mdadm/$home.pid"
    : >/out/short
    while [ -e /out/short ]; do spare_descriptors "$daemon" 3; pause 0.1; done &
    short=$!
    mdadm -I "/dev/$home" >/out/incremental 2>&1 &
    expect 20 md vol0
    state container-lost array="$(md vol0)" volume=vol0
    rm /out/short
    expect 10 ended "$short"
    prlimit --pid "$daemon" --nofile=4096:4096
    expect 20 test -e "/run/mdadm/$home.pid"
    rest vol0
    array=$(md vol0)

    # An array that cannot be read when the daemon begins.
    daemon_off
    unreadable "/sys/block/$array/md/sync_action"
    daemon_on
    state volume-not-taken-up array="$array" volume=vol0
    umount "/sys/block/$array/md/sync_action"
    expect 60 eval 'actorraid status >/dev/null'
}

hooks_on '"activateSpares": false' "${EVENTS[@]}"
daemon_on
gateway_on
mapped_disks 4 32M
again

for part in ${PARTS:-threads unread families files}; do "$part"; done
stop_all
kill "$GATEWAY" "$daemon"

#!/bin/bash
# The guest's part of deploy/bench: the distribution's mdmon and ActorRaid in turn on the same disks.
. ./lib.sh

# slow DISK NUMBER: a device-mapper target over a disk whose writes take 8 ms
slow() { dmsetup create "slow$2" --table "0 $(blockdev --getsz "$1") delay $1 0 0 $1 0 8"; }

# memory COUNT: that many containers of two disks, a RAID1 volume in each
memory() {
    local count=$1 who first number
    for who in mdmon actorraid; do
        use "$who"
        for number in $(seq 0 $((count - 1))); do
            first=$((MEMORY_FIRST + 2 * number))
            container "m$number" "${DISKS[first]}" "${DISKS[first + 1]}"
            volume "v$number" 1 2 8M "m$number"
        done
        sleep 5 # not "at rest": mdmon now and then leaves a volume write-pending after a short resync
        $MEASURE memory | figure "memory-$count" 2 0
        stop_all
        for number in $(seq 0 $((2 * count - 1))); do
            mdadm --zero-superblock "${DISKS[MEMORY_FIRST + number]}" >/dev/null 2>&1 || true
        done
    done
}

ram_disks 8
plain=(/dev/ram{0..7})
disks 8 48M # loop devices have physical sectors of 512 bytes: "old" disks
old=("${DISKS[@]}")
delayed=() old_delayed=()

# wipe DISK...: as new
wipe() { stop_all; for disk; do mdadm --zero-superblock "$disk" >/dev/null 2>&1 || true; done; }

for kind in plain delayed; do
    declare -n set=$kind
    delay=0
    if [ "$kind" = delayed ]; then
        delay=8
        for number in "${!plain[@]}"; do
            slow "${plain[number]}" "$number"
            delayed+=("$(readlink -f "/dev/mapper/slow$number")")
            slow "${old[number]}" "old$number"
            old_delayed+=("$(readlink -f "/dev/mapper/slowold$number")")
        done
        settle
    fi
    writes rest 2 1 "$delay" "${set[@]:0:2}"
    wipe "${set[@]:0:2}"
    writes rest 4 5 "$delay" "${set[@]:0:5}"
    failures "$delay" "${set[@]:0:5}"
    if [ "$delay" = 0 ]; then starts "${set[@]:0:5}"; fi
    wipe "${set[@]:0:5}"
    writes rest 8 5 "$delay" "${set[@]:0:8}"
    wipe "${set[@]:0:8}"
done
for legs in 4 8; do
    writes rest-old "$legs" 5 8 "${old_delayed[@]:0:legs}"
    wipe "${old_delayed[@]:0:legs}"
done
MEMORY_FIRST=${#DISKS[@]}
disks 32 24M
memory 1
memory 16
say "THE END"

#!/bin/bash
# What mdadm refuses to do to a container, it refuses with its reason, and nothing is changed by having been asked.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

# state: all that a refusal must leave as it is: the metadata (of two disks that are always there), the arrays as the kernel has them
state() {
    local disk attribute value
    for disk in "${DISKS[@]:0:2}"; do mdadm -E "$disk" 2>&1 || true; done
    for attribute in /sys/block/md*/md/{level,raid_disks,chunk_size,layout,component_size,array_size,metadata_version,sync_action,degraded}; do
        value=
        [ ! -e "$attribute" ] || read -r value <"$attribute" || true
        echo "$attribute $value"
    done
    echo /sys/block/md*/md/dev-*
}

# shape: of the metadata what a change that mdadm takes back leaves as it is: all but the generation and its checksum
shape() { grep -vE "Generation|Checksum"; }

# refused REASON COMMAND...: fails with that text in its output, and leaves everything as it was. mdadm's words change: REASON|REASON
refused() {
    local reason=$1 before status=0
    shift
    settle
    before=$(state)
    "$@" >/out/refusal 2>&1 || status=$?
    [ "$status" != 0 ] || fail "not refused: $*: $(cat /out/refusal)"
    grep -qF -- "${reason//|/$'\n'}" /out/refusal || fail "$*: refused, but for another reason than \"$reason\": $(cat /out/refusal)"
    settle
    expect 30 all_quiet
    state >/out/refusal.after
    diff <(shape <<<"$before") <(shape </out/refusal.after) >/out/refusal.diff || fail "$*: refused, but it changed: $(cat /out/refusal.diff)"
    say "refused: $*"
}
all_quiet() {
    local name
    for name in "${volumes[@]}"; do quiet "$name" || return 1; done
}

# again LEVEL LEGS [LEVEL]: a new container with one volume or two, vol0 and vol1, after what was there before
again() {
    local level=$1 legs=$2
    shift 2
    if [ ${#volumes[@]} -gt 0 ]; then stop_all; fi
    for disk in "${DISKS[@]}"; do mdadm --zero-superblock "$disk" 2>&1 || true; done
    container imsm0 "${DISKS[@]:0:legs}"
    volumes=()
    for level in "$level" "$@"; do
        quietly mdadm -CR "/dev/md/vol${#volumes[@]}" -l "$level" -n "$legs" -z 8M "${DISKS[@]:0:legs}"
        settle
        volumes+=("vol${#volumes[@]}")
        rest "${volumes[-1]}"
    done
    home=$(container_of vol0)
}

disks 5 48M
disks 1 8M
small=${DISKS[5]}
volumes=()
# ask ARGUMENT...: mdadm --grow of the container; ask_vol0: of its first volume
ask() { mdadm --grow "/dev/$home" "$@"; }
ask_vol0() { mdadm --grow "/dev/$(md vol0)" "$@"; }
# spare DISK...
spare() { local disk; for disk; do quietly mdadm --add "/dev/$home" "$disk"; done; settle; }

# RAID5 on three disks, no spare
again 5 3
refused "Need 4 spares to avoid degraded array, and only have 3" ask --raid-devices=4
refused "Cannot get spare devices" ask --raid-devices=4 --force
refused "Operation is not allowed on this container" ask --raid-devices=2
refused "Level Migration from 5 to 0 not supported" ask_vol0 --level=0
refused "Level Migration from 5 to 4 not supported" ask_vol0 --level=4
refused "Level Migration from 5 to 6 not supported" ask_vol0 --level=6
refused "Layout Migration from 0 to 3 not supported" ask_vol0 --layout=right-symmetric
refused "does not evenly divide device size" ask_vol0 --chunk=96
refused "Size expansion is supported only|Size reduction is not supported" ask_vol0 --size=4M
refused "Requested size is larger than maximum available size|is larger than free space available" ask_vol0 --size=400M
refused "Operation not supported for consistency policy journal" ask_vol0 --consistency-policy=journal
refused "Cannot add bitmaps to sub-arrays yet" ask_vol0 --bitmap=internal
refused "still active" mdadm --kill-subarray=0 "/dev/$home"
refused "Unable to update name of active subarray|is active, cannot update name" \
    mdadm --update-subarray=0 --update=name --name=other "/dev/$home"

# a spare on which there is no room for a leg; it is a spare all the same, and takes no part
spare "$small"
refused "Cannot get spare devices" ask --raid-devices=4
quietly mdadm --remove "/dev/$home" "$small"
quietly mdadm --zero-superblock "$small"

# a container in which something runs
spare "${DISKS[3]}"
set_pace 1
echo check >"$(attribute vol0 sync_action)"
expect 30 that vol0 sync_action check
mdadm --grow "/dev/$home" --raid-devices=4 >/out/refusal 2>&1 && fail "not refused while a check runs: $(cat /out/refusal)"
has /out/refusal "is performing resync/recovery and cannot be reshaped" || fail "refused while a check runs, but for another reason: $(cat /out/refusal)"
that vol0 sync_action check || fail "the check is gone: $(get vol0 sync_action)"
recorded "${DISKS[0]}" vol0 Members 3 || fail "refused, but the metadata says $(examined "${DISKS[0]}" vol0 Members)"
echo idle >"$(attribute vol0 sync_action)"
set_pace 400000
expect 30 quiet vol0
quietly mdadm --grow "/dev/$(md vol0)" --consistency-policy=ppl
refused "Operation not supported when ppl consistency policy is enabled" ask --raid-devices=4

again 1 2
spare "${DISKS[2]}"
refused "Operation is not allowed on this container" ask --raid-devices=3
refused "Level Migration from 1 to 5 not supported" ask_vol0 --level=5

again 10 4
spare "${DISKS[4]}"
refused "Operation is not allowed on this container" ask --raid-devices=5
refused "Chunk size change for RAID 10 is not supported" ask_vol0 --chunk=256

again 0 3
refused "cannot get spare device for requested migration" ask_vol0 --level=5 --layout=left-asymmetric
refused "Requested Layout not supported" ask_vol0 --level=5
# mdadm 4.2 records the new size, finds that the kernel does not resize the legs of a RAID0, and records the old size again.
refused "Cannot set device size|Component size change is not supported for RAID0" ask_vol0 --size=max

again 0 2 0
spare "${DISKS[2]}" "${DISKS[3]}"
refused "MUST be single array in container" ask_vol0 --level=10
refused "MUST be single array in container" ask_vol0 --level=5 --layout=left-asymmetric
refused "The last volume in container can be expanded only|Component size change is not supported for RAID0" ask_vol0 --size=max

again 10 4 5
refused "MUST be single array in container" ask_vol0 --level=0
stop_all

#!/bin/bash
# What a power cut in the middle of a commit leaves on four disks that outlive the guest. FIRST=1 makes a container with two RAID5
# volumes, and stops it. Otherwise /out/states/NNN are states to be tried one after the other, as Tests/Commit/TornStates.cs writes
# them (DISK.tail, expect), and `change`, what was being committed: "dirty VOLUME" or "failed DISK". mdadm must assemble each of
# them, if a disk is torn after `actorraid repair`, with both volumes started, and see as dirty what was recorded as dirty.
# "family": the third disk has failed, the fifth has taken its slot in vol0, and the container's family was being changed. mdadm must assemble
# it (but not what `mdadm no` says, before `actorraid repair --torn`), and ActorRaid finish the change. LATE of these are tried disk by disk as well.
. "$LAB/guest-lib.sh"

DISKS=("$DISK"{a,b,c,d}) SPARE="$DISK"e
for i in "${!DISKS[@]}"; do [ -e "${DISKS[i]}" ] || mknod "${DISKS[i]}" b 98 $((i * 16)); done
[ -e "$SPARE" ] || mknod "$SPARE" b 98 64
volumes="vol0 vol1"

if [ "${FIRST:-0}" = 1 ]; then
    container imsm0 "${DISKS[@]}"
    for volume in $volumes; do
        quietly mdadm -CR "/dev/md/$volume" -l 5 -n 4 -z 8M "${DISKS[@]}"
        settle
        rest "$volume"
        fill "$volume" 2
        rest "$volume"
    done
    stop_all
    cp "$DATA"/* /out
    exit 0
fi

# judge STATE VOLUME STANDING: started, with its data, and dirty or clean as STANDING says. Judged without starting many processes.
judge() {
    local state=$1 volume=$2 standing=$3
    expect 10 md "$volume"
    ! volume_is "$volume" inactive clear || fail "state $state: $volume does not start"
    case $standing in
        dirty) that "$volume" sync_action resync || not that "$volume" resync_start none ||
            fail "state $state: $volume is taken for clean, but was dirty when the power went" ;;
        # A disk that was lost is taken back, and rebuilt.
        clean) that "$volume" sync_action idle recover && that "$volume" resync_start none ||
            fail "state $state: $volume is $(get "$volume" sync_action), but was clean when the power went" ;;
        *) fail "state $state: what is \"$standing\"?" ;;
    esac
    cmp -s -n $((2 << 20)) "/dev/$(md "$volume")" "/out/$volume" || fail "state $state: the data of $volume is not what was written"
}

# in_sync VOLUME DISK: it is a leg whose content counts
in_sync() { grep -qw in_sync "/sys/block/$(md "$1")/md/dev-$(basename "$2")/state" 2>/dev/null; }

# restore STATE: the disks are what that state says
restore() {
    local disk
    local tail
    for disk in "${DISKS[@]}" "$SPARE"; do
        tail=$1/${disk##*/}.tail
        [ -e "$tail" ] || tail=/dev/zero
        dd if="$tail" of="$disk" bs=16k count=1 seek=$((sectors / 32 - 1)) oflag=direct conv=notrunc status=none
    done
    settle
}

# repair STATE TORN FAILED: mdadm refuses the container as it is; actorraid rewrites the torn disk, unless that is the failed one
repair() {
    local state=$1 torn=$2 failed=$3 refused
    if mdadm -A /dev/md/imsm0 "${DISKS[@]}" >/out/refused 2>&1; then fail "state $state: mdadm assembles it, though $torn is torn"; fi
    mdadm -S --scan 2>&1 || true
    settle
    actorraid repair "${DISKS[@]}" --yes >/out/repaired 2>&1 || true
    refused=$(grep refused /out/repaired | grep -v "^$failed: refused" || true)
    [ -z "$refused" ] || fail "state $state: $refused"
    [ "$torn" = "$failed" ] || has /out/repaired "$torn: rewritten" || fail "state $state: $torn is not repaired: $(cat /out/repaired)"
}

# one_family DISK...: the disks are of one family, another than the container was made with
one_family() {
    local family disk
    family=$(examined "$1" - Family)
    ! recorded "$1" - "Orig Family" "$family" || return 1
    for disk; do recorded "$disk" - Family "$family" || return 1; done
}

# has_volume NAME: md runs it
has_volume() { md "$1" >/out/ignored 2>&1 && ! volume_is "$1" inactive clear; }

# change_family STATE MDADM: the family was being changed
change_family() {
    local state=$1 members=("${DISKS[0]}" "${DISKS[1]}" "${DISKS[3]}" "$SPARE")
    if [ "$2" = no ]; then
        # mdadm makes a container of them, but finds no copy in it that speaks for all.
        mdadm -A /dev/md/imsm0 "${members[@]}" >/out/refused 2>&1 || true
        mdadm -I /dev/md/imsm0 >>/out/refused 2>&1 || true
        settle
        for volume in $volumes; do ! has_volume "$volume" || fail "state $state: mdadm starts $volume of two families"; done
        mdadm -S --scan 2>&1 || true
        settle
        quietly actorraid repair --torn --yes
    fi
    assemble imsm0 "${members[@]}"
    for volume in $volumes; do
        expect 10 md "$volume"
        ! volume_is "$volume" inactive clear || fail "state $state: $volume does not start"
        cmp -s -n $((2 << 20)) "/dev/$(md "$volume")" "/out/$volume" || fail "state $state: the data of $volume is not what was written"
    done
    expect 10 that vol0 sync_action recover
    not in_container "$(md vol0)" "${DISKS[2]}" || fail "state $state: the disk that was replaced is back"
    expect 20 one_family "${members[@]}"
}

# late_disk STATE: the same disk by disk, and the one that is being rebuilt comes when the volumes run without it. It is rebuilt, not left alone
late_disk() {
    local state=$1 members=("${DISKS[0]}" "${DISKS[1]}" "${DISKS[3]}") home
    assemble_one_by_one "${members[@]}"
    home=$(basename "$(readlink -f /dev/md/imsm0)")
    mdadm -I --run "/dev/$home" 2>&1 || true
    settle
    expect 10 md vol0
    expect 20 one_family "${members[@]}"
    mdadm -I "$SPARE" 2>&1 || true
    settle
    expect 20 in_container "$home" "$SPARE"
    expect 20 in_container "$(md vol0)" "$SPARE"
    expect 10 that vol0 sync_action recover
    expect 20 one_family "${members[@]}" "$SPARE"
}

sectors=$(blockdev --getsz "${DISKS[0]}")
# So slow that a dirty volume is still seen to resync.
echo 10 >/proc/sys/dev/raid/speed_limit_min
echo 100 >/proc/sys/dev/raid/speed_limit_max
tried=0 repaired=0 late=0
for path in /out/states/[0-9]*; do
    state=${path##*/}
    torn=none recorded=none failed=none mdadm=yes
    declare -A standing=()
    while read -r what name value rest; do
        case "$what $value" in
            "recorded "*) recorded=$name ;;
            "mdadm "*) mdadm=$name ;;
            "disk torn") torn=/dev/$name ;;
            "volume starts") standing[$name]=$rest ;;
        esac
    done <"$path/expect"
    read -r what name <"$path/change"
    [ "$what" != failed ] || failed=/dev/$name

    restore "$path"
    if [ "$what" = family ]; then
        change_family "$state" "$mdadm"
        say "$state: family, known to mdadm $mdadm: started, $(examined "${DISKS[0]}" - Family) on all disks"
        stop_all
        if [ "$mdadm" = yes ] && [ $late -lt "${LATE:-1}" ]; then
            late=$((late + 1))
            restore "$path"
            late_disk "$state"
            say "$state: the same, the last disk when vol0 ran without it: it is rebuilt"
            stop_all
        fi
        tried=$((tried + 1))
        continue
    fi
    [ "$torn" = none ] || { repair "$state" "$torn" "$failed"; repaired=$((repaired + 1)); }
    members=()
    for disk in "${DISKS[@]}"; do [ "$disk" = "$failed" ] && [ "$disk" = "$torn" ] || members+=("$disk"); done
    assemble imsm0 "${members[@]}"
    # The failure is recorded volume by volume: where mdadm still expects a disk that it may not use, it wants to be told.
    if [ "$failed" != none ] && volume_is vol1 inactive; then
        mdadm -I --run "/dev/$(md imsm0)" 2>&1 || true
        settle
    fi
    for volume in $volumes; do
        [ -n "${standing[$volume]:-}" ] || [ "$torn" != none ] || fail "state $state: $volume is not expected to start, though no disk is torn"
        judge "$state" "$volume" "${standing[$volume]:-clean}"
    done
    if [ "$failed" != none ] && [ "$recorded" = yes ]; then
        degraded vol0 1 && not in_sync vol0 "$failed" ||
            fail "state $state: the failure of $failed was recorded, but what it holds counts in vol0"
    fi
    say "$state: $what $name, recorded $recorded, torn $torn: both started, vol0 ${standing[vol0]:-clean}, vol1 ${standing[vol1]:-clean}"
    stop_all
    tried=$((tried + 1))
done
say "$tried states, $repaired of them repaired"
[ "$tried" = "$STATES" ] || fail "$tried states were found, expected $STATES"

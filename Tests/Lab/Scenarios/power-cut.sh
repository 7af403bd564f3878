#!/bin/bash
# One life of a guest whose power is cut, with six disks that outlive it (UBD files: what was written is written). What the
# last cut left is assembled and judged; then volumes go dirty and clean, and disks fail, until the power goes. FIRST=1
# makes the containers; LAST=1 judges, waits until all is whole, checks, and stops in order. /out keeps over a cut:
#   data/VOLUME      what the first half of the volume holds, for ever
#   writing.VOLUME   there while the volume must not be clean: a write has been let go, and safe_mode_delay is long
#   failed           the disk that is failing or has failed; it is not there when the power comes back
. "$LAB/guest-lib.sh"

DISKS=("$DISK"{a,b,c,d,e,f})
for i in "${!DISKS[@]}"; do [ -e "${DISKS[i]}" ] || mknod "${DISKS[i]}" b 98 $((i * 16)); done
volumes="five second mirror"
mkdir -p /out/data
: >>/out/failed
failed=$(cat /out/failed)

static_mebibytes() { echo $(($(blockdev --getsize64 "/dev/$(md "$1")") / 2 >> 20)); }
write() { dd if=/dev/urandom of="/dev/$(md "$1")" bs=4k count=1 seek=$(($(static_mebibytes "$1") * 256 + $(random 0 500))) oflag=direct conv=notrunc status=none; }

create() {
    local volume
    container imsmA "${DISKS[@]:0:4}"
    quietly mdadm -CR /dev/md/five -l 5 -n 3 -z 8M "${DISKS[@]:0:3}"
    settle
    rest five
    quietly mdadm -CR /dev/md/second -l 5 -n 3 -z 8M "${DISKS[@]:0:3}"
    container imsmB "${DISKS[@]:4:2}"
    quietly mdadm -CR /dev/md/mirror -l 1 -n 2 -z 8M "${DISKS[@]:4:2}"
    settle
    for volume in $volumes; do
        rest "$volume"
        head -c "$(static_mebibytes "$volume")M" /dev/urandom >"/out/data/$volume"
        dd if="/out/data/$volume" of="/dev/$(md "$volume")" bs=1M oflag=direct conv=notrunc status=none
    done
    for volume in $volumes; do rest "$volume"; done
}

# start_all: what udev would do, and then --run for containers that are not complete
start_all() {
    local disk present=() device volume
    for disk in "${DISKS[@]}"; do [ "$disk" = "$failed" ] || present+=("$disk"); done
    assemble_one_by_one "${present[@]}"
    for volume in $volumes; do
        if md "$volume" >/dev/null 2>&1 && ! volume_is "$volume" inactive clear; then continue; fi
        for device in $(sed -n 's/^\(md[0-9]*\) : inactive.*/\1/p' /proc/mdstat); do mdadm -I --run "/dev/$device" 2>&1 || true; done
        settle
        break
    done
}

# newest_is_dirty VOLUME: of the copies of its metadata, the newest must say so; was_migrating[VOLUME] is its migration state
declare -A was_migrating
newest_is_dirty() {
    local volume=$1 disk newest=-1 generation state dirty=missing
    for disk in "${DISKS[@]}"; do
        state=$(examined "$disk" "$volume" "Dirty State")
        [ "$disk" != "$failed" ] && [ -n "$state" ] || continue
        generation=$((16#$(examined "$disk" - Generation)))
        if [ "$generation" -gt "$newest" ]; then
            newest=$generation dirty=$state
            was_migrating[$volume]=$(examined "$disk" "$volume" "Migrate State")
        fi
    done
    [ "$dirty" = dirty ] || fail "$volume was being written when the power went, but the newest metadata (generation $newest) says $dirty"
}

# judge VOLUME: it is there and started, if mdadm can start it; it is not clean if it was being written; its data is right
judge() {
    local volume=$1 home disk uuid
    md "$volume" >/dev/null || fail "$volume is not there after the power cut"
    if volume_is "$volume" inactive clear; then
        [ "$volume" != mirror ] && [ -n "$failed" ] || fail "$volume does not start after the power cut, though all its disks are there"
        # A RAID5 that was dirty and degraded at once: RAID's own write hole. Somebody has to say that it may start.
        say "$volume was dirty and degraded at once: started by force"
        home=$(container_of "$volume")
        stop "$(md "$volume")"
        for disk in "${DISKS[@]:0:4}"; do
            [ "$disk" != "$failed" ] || continue
            uuid=$(examined "$disk" "$volume" UUID)
            [ -z "$uuid" ] || break
        done
        quietly mdadm -A --force --run --uuid="$uuid" "/dev/md/$volume" "/dev/$home"
        settle
        md "$volume" >/dev/null && ! volume_is "$volume" inactive clear || fail "$volume does not even start by force"
    elif [ -e "/out/writing.$volume" ]; then
        if degraded "$volume" 0; then
            that "$volume" sync_action resync || not that "$volume" resync_start none ||
                fail "$volume was being written when the power went, but is taken for clean"
        else
            # mdadm starts a dirty volume whose rebuild has begun, and lets the rebuild go on: its rule, not the supervisor's.
            [ "${was_migrating[$volume]}" = rebuild ] ||
                fail "$volume was dirty and is degraded (failed: ${failed:-nothing}), but started as if it were clean"
        fi
    fi
    dd if="/dev/$(md "$volume")" bs=1M count="$(static_mebibytes "$volume")" iflag=direct status=none | cmp -s - "/out/data/$volume" ||
        fail "$volume: the half that nobody wrote has changed"
    rm -f "/out/writing.$volume"
    say "$volume: $(get "$volume" array_state), $(get "$volume" sync_action), degraded $(get "$volume" degraded)"
}

if [ "${FIRST:-0}" = 1 ]; then
    create
else
    for disk in "${DISKS[@]}"; do
        [ "$disk" != "$failed" ] || continue
        mdadm -E "$disk" >"/out/$(basename "$disk").examined" 2>&1 || fail "$disk: mdadm -E finds no metadata: $(cat "/out/$(basename "$disk").examined")"
    done
    for volume in $volumes; do
        [ ! -e "/out/writing.$volume" ] || newest_is_dirty "$volume"
    done
    # So slow that a dirty volume is still seen to resync.
    echo 10 >/proc/sys/dev/raid/speed_limit_min
    echo 100 >/proc/sys/dev/raid/speed_limit_max
    start_all
    for volume in $volumes; do judge "$volume"; done
    for limit in max min; do echo 400000 >"/proc/sys/dev/raid/speed_limit_$limit"; done
    home=$(container_of five)
    [ "$(container_of second)" = "$home" ] || fail "five and second are in different containers"
    for disk in "${DISKS[@]:0:4}"; do adopt "$home" "$disk"; done
    : >/out/failed
    failed=
fi

if [ "${LAST:-0}" = 1 ]; then
    for volume in $volumes; do
        expect 120 degraded "$volume" 0
        consistent "$volume"
    done
    stop_all
    exit 0
fi

: >/out/cut
home=$(container_of five)
while :; do
    volume=$(random 1 3)
    volume=$(echo $volumes | cut -d ' ' -f "$volume")
    echo 60 >"$(attribute "$volume" safe_mode_delay)"
    write "$volume"
    : >"/out/writing.$volume"
    for _ in $(seq "$(random 0 3)"); do write "$volume"; done
    if [ -z "$failed" ] && [ "$(random 0 1)" = 0 ] && whole five && whole second; then
        failed=$(leg five "$(random 0 2)")
        echo "$failed" >/out/failed
        echo faulty >"$(attribute five "dev-$(basename "$failed")")/state"
        write "$volume"
    fi
    rm "/out/writing.$volume"
    echo 0.05 >"$(attribute "$volume" safe_mode_delay)"
    expect 60 volume_is "$volume" clean
    if [ -n "$failed" ] && whole five && whole second && not in_container "$(md five)" "$failed" && not in_container "$(md second)" "$failed"; then
        quietly mdadm --remove "/dev/$home" "$failed"
        adopt "$home" "$failed" # wiped first: until it is a spare it counts as not there
        : >/out/failed
        failed=
    fi
done

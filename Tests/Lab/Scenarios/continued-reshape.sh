#!/bin/bash
# A crash in the middle of a reshape, at about POINT percent (WHAT=grow5: a RAID5 on three disks grows to four; WHAT=chunk: its
# chunk becomes 256 KiB), and what an initramfs makes of it: assembled with --freeze-reshape, read, and only then continued
# by mdadm --grow --continue, from where it was.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

grep -aq freeze-reshape "$(command -v mdadm)" || { say "this mdadm has no --freeze-reshape, and so has its initramfs"; exit 0; } # from 4.6 on
case $WHAT in
    grow5) count=4 legs=4 chunk=64 unit_legs=3 ;;
    chunk) count=3 legs=3 chunk=256 unit_legs=2 ;;
    *) fail "WHAT is grow5 or chunk, not $WHAT" ;;
esac
disks $count 64M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 32M -c 64 "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
leg=$(($(get vol0 component_size) << 10))
for disk in "${DISKS[@]:3}"; do quietly mdadm --add "/dev/$home" "$disk"; done
settle

# unit: REPLY is the unit of the migration record, that is to say how far the reshape is by the metadata, in percent
unit() {
    local line units=0 of=1
    while read -r line; do
        case $line in
            "Current Unit : "*) units=${line##* } ;;
            "Total Number of Units : "*) of=${line##* } ;;
        esac
    done < <(mdadm -E "${DISKS[0]}" 2>/dev/null)
    REPLY=$((units * 100 / of))
}

set_pace 4000
case $WHAT in
    grow5) grow "/dev/$home" --raid-devices=$count ;;
    chunk) grow "/dev/$(md vol0)" --chunk=256 ;;
esac
expect 60 reshaping vol0
expect 60 reached vol0 "$POINT"
set_pace 1
completed vol0
at=$REPLY
unit
say "$WHAT at $at %, by the metadata at $REPLY %"
dump before
unit_percent=$REPLY
fields "${DISKS[0]}" vol0
[ "${FIELD[Migrate State]}" = "general migration" ] || fail "vol0 is being reshaped, but its migrate state is ${FIELD[Migrate State]}"

# mdadm_gone: the mdadm that looks after the reshape from the background is killed
mdadm_gone() {
    local pid
    for pid in $(busybox pidof mdadm); do
        kill -9 "$pid"
        expect 10 ended "$pid"
    done
}

for number in "${!DISKS[@]}"; do cp --sparse=always "/disks/d$number" "/disks/crashed$number"; done
mdadm_gone
stop_all
for number in "${!DISKS[@]}"; do
    dd if="/disks/crashed$number" of="${DISKS[number]}" bs=1M oflag=direct status=none
    rm "/disks/crashed$number"
done
quietly mdadm -A --freeze-reshape /dev/md/imsm0 "${DISKS[@]}"
quietly mdadm -I --freeze-reshape "/dev/$(md imsm0)"
settle
expect 30 md vol0
intact vol0
always 2 not quiet vol0
say "assembled, frozen: $(get vol0 metadata_version), $(get vol0 sync_action), reshape_position $(get vol0 reshape_position)"
mdadm --grow --continue "/dev/$(md vol0)" >/out/continue 2>&1 &
continuing=$!
expect 60 reshaping vol0
expect 60 not that vol0 sync_completed none
completed vol0
say "goes on: at $REPLY %, it was $at % ($unit_percent % by the metadata)"
[ "$REPLY" -ge "$unit_percent" ] || fail "the reshape began again at $REPLY %, the metadata said $unit_percent %"
set_pace 10000
until quiet vol0; do readable vol0 $unit_legs; done
set_pace 400000
wait "$continuing" || fail "mdadm --grow --continue (status $?): $(cat /out/continue)"
has_shape vol0 5 $legs $chunk $((leg * (legs - 1))) "${DISKS[@]}"
intact vol0
dump after
say "done: intact"

fill vol0
consistent vol0
stop_all
assemble_one_by_one "${DISKS[@]}"
expect 30 md vol0
has_shape vol0 5 $legs $chunk $((leg * (legs - 1))) "${DISKS[@]}"
intact vol0
stop_all

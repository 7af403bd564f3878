#!/bin/bash
# A volume changes its level or its chunk (mdadm --grow); its data is the same all the while. WHAT:
#   0-5             RAID0 on three disks becomes RAID5 on four, the fourth being a spare
#   0-5-inside      RAID0 on two of the container's three disks becomes RAID5 on all three
#   0-10            RAID0 on two disks becomes RAID10 on four, the new ones being spares
#   10-0, 1-0       every other disk leaves, and is a spare from then on
#   chunk0, chunk5  64 KiB become 256 KiB, and 64 KiB again
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

# level, legs and chunk (KiB; - where there is none) before and after, what mdadm is asked for, and how the kernel does it
case $WHAT in
    0-5) from=(0 3 64) to=(5 4 64) request=(--level=5 --layout=left-asymmetric) how=reshape ;;
    0-5-inside) from=(0 2 64) to=(5 3 64) request=(--level=5 --layout=left-asymmetric) how=reshape ;;
    0-10) from=(0 2 64) to=(10 4 64) request=(--level=10) how=rebuild ;;
    10-0) from=(10 4 64) to=(0 2 64) request=(--level=0) how=at-once ;;
    1-0) from=(1 2 -) to=(0 1 -) request=(--level=0) how=at-once ;;
    chunk0) from=(0 3 64) to=(0 3 256) request=(--chunk=256) how=reshape ;;
    chunk5) from=(5 3 64) to=(5 3 256) request=(--chunk=256) how=reshape ;;
    *) fail "WHAT is 0-5, 0-5-inside, 0-10, 10-0, 1-0, chunk0 or chunk5, not $WHAT" ;;
esac
count=$((from[1] > to[1] ? from[1] : to[1]))
disks "$count" 48M
inside=${from[1]} # disks that are in the container from the beginning
[ "$WHAT" != 0-5-inside ] || inside=$count
container imsm0 "${DISKS[@]:0:inside}"
chunk=(-c "${from[2]}")
[ "${from[2]}" != - ] || chunk=()
quietly mdadm -CR /dev/md/vol0 -l "${from[0]}" -n "${from[1]}" -z 8M "${chunk[@]}" "${DISKS[@]:0:from[1]}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
bytes=$(volume_bytes vol0)
for disk in "${DISKS[@]:inside}"; do quietly mdadm --add "/dev/$home" "$disk"; done
settle
dump before
say "RAID${from[0]} on ${from[1]} disks, $bytes bytes"

# change STEP MDADM'S-ARGUMENT...: asks for it and waits until it is done
change() {
    local step=$1 reads=0
    shift
    set_pace 1
    grow "/dev/$(md vol0)" "$@"
    case $how in
        reshape)
            expect 60 reshaping vol0
            dump "during-$step"
            recorded "${DISKS[0]}" vol0 "Migrate State" "general migration" ||
                fail "vol0 is being reshaped, but its migrate state is $(examined "${DISKS[0]}" vol0 "Migrate State")"
            say "$*: $(get vol0 sync_completed)"
            set_pace 1500
            until quiet vol0; do
                readable vol0 "$(data_legs "${to[0]}" "${to[1]}")"
                reads=$((reads + 1))
            done
            [ "$reads" -gt 0 ] || fail "the reshape was over before anything could be read"
            say "$*: done; it was read $reads times" ;;
        rebuild)
            expect 60 that vol0 sync_action recover
            dump "during-$step"
            # Known of mdmon: it rebuilds both at once, and then has no place for a checkpoint.
            rebuilding=$(grep -lsxE 'spare.*' /sys/block/"$(md vol0)"/md/dev-*/state | wc -l)
            [ "$SUPERVISOR" = mdmon ] || [ "$rebuilding" = 1 ] || fail "$rebuilding legs are being rebuilt at the same time, expected one"
            intact vol0
            say "$*: $(get vol0 sync_completed)"
            set_pace 400000
            expect 120 degraded vol0 0 ;;
    esac
    set_pace 400000
    expect 60 quiet vol0
}

# judge LEVEL LEGS CHUNK: that is what the volume is now; disks that it no longer needs are spares
judge() {
    local disk members
    mapfile -t members < <(legs vol0)
    has_shape vol0 "$@" "$bytes" "${members[@]}"
    for disk in "${DISKS[@]}"; do
        [[ " ${members[*]} " == *" $disk "* ]] || mdadm -E "$disk" | grep -q "State : spare" ||
            fail "$disk has left the volume, but is no spare: $(mdadm -E "$disk")"
    done
    intact vol0
}

change there "${request[@]}"
judge "${to[@]}"
dump after
if [[ $WHAT == chunk* ]]; then
    fill vol0
    rest vol0
    change back "--chunk=${from[2]}"
    to=("${from[@]}")
    judge "${to[@]}"
    dump back
fi
say "RAID${to[0]} on ${to[1]} disks, intact"

fill vol0
[ "${to[0]}" = 0 ] || consistent vol0
members=()
mapfile -t members < <(legs vol0)
stop_all
assemble_one_by_one "${members[@]}"
expect 30 md vol0
judge "${to[@]}"
[ "${to[0]}" = 0 ] || that vol0 sync_action idle || fail "assembled: sync_action is $(get vol0 sync_action), expected idle"
say "written again, stopped, assembled: intact"
stop_all

#!/bin/bash
# A mirror loses a disk and is rebuilt onto a spare: the container gets another family, and keeps the original one. The disk that was
# replaced is used elsewhere and written more often, so that its copy is the newer one. HALF=spare: it gets a spare of its own there
# and is rebuilt. All put together again: the rebuilt disks are one array with their data, or mdadm says that two families are in
# conflict; never is the one dropped for the other in silence, nor by a supervisor that begins then. What fell out can be removed, and becomes a container of its own.
. "$LAB/guest-lib.sh"

disks 4 32M
A=${DISKS[0]} B=${DISKS[1]} C=${DISKS[2]} D=${DISKS[3]}
container imsm0 "$A" "$B"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 8M "$A" "$B"
settle
rest vol0
fill vol0
rest vol0
first=$(examined "$A" - Family)
fail_disk vol0 "$A"
expect 30 not test -e "$(attribute vol0 dev-loop0)"
home=$(container_of vol0)
quietly mdadm --remove "/dev/$home" "$A"
quietly mdadm --add "/dev/$home" "$C"
rest vol0

# has_changed DISK...: they are of one family, another than before, and the original one is what it was
has_changed() {
    local disk family
    family=$(examined "$1" - Family)
    [ "$family" != "$first" ] || return 1
    for disk; do recorded "$disk" - Family "$family" && recorded "$disk" - "Orig Family" "$first" || return 1; done
}
expect 30 has_changed "$B" "$C"
head -c 8M /dev/urandom >/data/here
dd if=/data/here of="/dev/$(md vol0)" bs=1M oflag=direct conv=notrunc status=none
rest vol0
stop_all
say "family $first became $(examined "$B" - Family) on $B and $C, which have new data"

# Elsewhere.
mdadm -A /dev/md/away "$A" 2>&1 || true
mdadm -I --run "/dev/$(md away)" 2>&1 || true
settle
expect 30 md vol0
head -c 8M /dev/urandom >/data/away
# Until it is newer than the others: how many generations a start takes is mdadm's affair.
for i in {1..60}; do
    dd if=/data/away of="/dev/$(md vol0)" bs=1M oflag=direct conv=notrunc status=none
    expect 30 volume_is vol0 clean
    [ "$i" -lt 8 ] || [[ ! $(examined "$A" - Generation) > $(examined "$B" - Generation) ]] || break
done
others=("$A")
if [ "${HALF:-alone}" = spare ]; then
    quietly mdadm --add "/dev/$(container_of vol0)" "$D"
    rest vol0
    expect 30 has_changed "$A" "$D"
    others+=("$D")
fi
stop_all
here=$(examined "$B" - Generation) away=$(examined "$A" - Generation)
[[ $here < $away ]] || fail "the disk used elsewhere is at generation $away, the others at $here: the scenario proves nothing"
say "$A was written elsewhere: generation $away, the others' $here; family $(examined "$A" - Family)"

# whose: REPLY is whose disks and data the volume has
whose() {
    local legs data disk
    legs=$(legs vol0 | sort | tr '\n' ' ')
    data=$(dd if="/dev/$(md vol0)" bs=1M count=8 iflag=direct status=none | sha256sum)
    REPLY="neither's: $legs"
    if [ "$data" = "$(sha256sum </data/here)" ] && [ "$legs" = "$B $C " ]; then REPLY=here; fi
    if [ "$data" = "$(sha256sum </data/away)" ] && [ "$legs" = "$(printf '%s ' "${others[@]}")" ]; then REPLY=away; fi
}

# goes_on: a supervisor that begins with both families there records in the metadata of the disks that the volume runs on, and in no other
goes_on() {
    local disk legs REPLY
    local -A before=()
    legs=$(legs vol0)
    home=$(container_of vol0)
    expect 30 volume_is vol0 clean read-auto
    supervisor_kill "$home"
    supervisor_start "$home"
    for disk in $wanted; do before[$disk]=$(examined "$disk" - Generation); done
    dd if="/dev/$(md vol0)" of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none
    expect 30 volume_is vol0 clean
    for disk in $wanted; do
        if [[ $legs == *"$disk"* ]]; then [[ $(examined "$disk" - Generation) > ${before[$disk]} ]]; else [ "$(examined "$disk" - Generation)" = "${before[$disk]}" ]; fi ||
            fail "$disk, and the volume runs on $legs: generation $(examined "$disk" - Generation) after ${before[$disk]}"
    done
}

number=0
for order in "$A $D $B $C" "$B $C $A $D"; do
    number=$((number + 1))
    wanted=
    for disk in $order; do [[ " $B $C ${others[*]} " != *" $disk "* ]] || wanted="$wanted $disk"; done
    : >/out/together
    mark=$(wc -l </out/actorraid.log 2>/dev/null || echo 0)
    for disk in $wanted; do mdadm -I "$disk" >>/out/together 2>&1 || true; done
    settle
    home=$(md imsm0) || home=$(awk '$2 ~ /imsm/ { print $1; exit }' /run/mdadm/map)
    mdadm -I --run "/dev/$home" >>/out/together 2>&1 || true
    settle
    expect 30 md vol0
    whose
    tail -n +$((mark + 1)) /out/actorraid.log >>/out/together
    cat /out/together
    say "in the order$wanted: the volume is $REPLY"
    case $REPLY in
        here | away) ;;
        *) fail "the volume is $REPLY" ;;
    esac
    grep -q "Conflict, offlining\|update=uuid" /out/together || [ "$REPLY" = here ] || fail "dropped in silence"
    goes_on
    [ "$number" = 2 ] || stop_all
done

# What fell out leaves, and is a container of its own.
out=("${others[@]}")
[ "$REPLY" = here ] || out=("$B" "$C")
home=$(container_of vol0)
for disk in "${out[@]}"; do
    ! in_container "$home" "$disk" || quietly mdadm --remove "/dev/$home" "$disk"
    expect 30 not in_container "$home" "$disk"
done
quietly mdadm -A /dev/md/second --update=uuid "${out[@]}"
mdadm -I --run "/dev/$(md second)" 2>&1 || true
settle
[ "$(ls -d /sys/block/md*/md/rd0 | wc -l)" = 2 ] || fail "no second volume: $(cat /proc/mdstat)"
recorded "${out[0]}" - "Orig Family" "$first" && fail "${out[0]} is still of the first container"
say "a second container of ${out[*]}: $(tr '\n' ' ' </proc/mdstat)"
for version in /sys/block/md*/md/metadata_version; do
    device=${version#/sys/block/}; device=${device%%/*}
    case $(cat "$version") in external:[/-]*) expect 30 is "/sys/block/$device/md/array_state" clean active-idle read-auto active ;; esac
done
stop_all

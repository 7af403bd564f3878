#!/bin/bash
# Two volumes on the same disks. A disk fails in one of them: it is failed in both, and both are rebuilt, one after the
# other, onto the same spare.
. "$LAB/guest-lib.sh"

disks 4 96M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 20M "${DISKS[@]:0:3}"
settle
rest vol0
quietly mdadm -CR /dev/md/vol1 -l 5 -n 3 -z 20M "${DISKS[@]:0:3}"
settle
rest vol1
fill vol0
fill vol1
rest vol0
rest vol1
say "two RAID5 volumes on ${DISKS[*]:0:3}, ${DISKS[3]} is spare"

for volume in vol0 vol1; do hold $volume 50; done
fail_disk vol0 "${DISKS[1]}"
for volume in vol0 vol1; do
    expect 60 not test -e "$(attribute $volume dev-loop1)"
    expect 60 recorded_like "${DISKS[0]}" $volume "Map State" "*degraded"
done
say "${DISKS[1]} has failed in vol0 and is out of both"

for volume in vol0 vol1; do
    hold $volume 100
    echo 4000 >"$(attribute $volume sync_speed_max)"
done

# At no moment may two rebuilds of the container be running, and both must be seen.
seen= deadline=$((SECONDS + 180))
until whole vol0 && whole vol1; do
    running=
    for volume in vol0 vol1; do
        if that $volume sync_action recover && ! that $volume sync_completed delayed none; then running="$running $volume"; fi
    done
    case $running in
        " vol0") [[ $seen == *vol0* ]] || seen="$seen vol0" ;;
        " vol1") [[ $seen == *vol1* ]] || seen="$seen vol1" ;;
        *vol0*vol1*) fail "both volumes are being rebuilt at the same time" ;;
    esac
    [ "$SECONDS" -lt "$deadline" ] || fail "not both rebuilt within 180 s; seen so far:$seen"
    pause 0.1
done
say "rebuilt:$seen"
for volume in vol0 vol1; do
    [ "$(leg $volume 1)" = "${DISKS[3]}" ] || fail "slot 1 of $volume is $(leg $volume 1), expected the spare ${DISKS[3]}"
    expect 30 recorded_everywhere $volume Slots "[UUU]" "${DISKS[0]}" "${DISKS[2]}" "${DISKS[3]}"
    expect 30 recorded_everywhere $volume "Map State" normal "${DISKS[0]}" "${DISKS[2]}" "${DISKS[3]}"
    consistent $volume
    intact $volume
done
stop_all

#!/bin/bash
# A container that is being rebuilt and written goes from ActorRaid to the distribution's mdmon and back, twice: the rebuild goes on from where it
# is, and what is recorded of it never goes back. ActorRaid goes on with its other container all the time.
. "$LAB/guest-lib.sh"

disks 6 64M
container imsm0 "${DISKS[@]:0:4}"
container imsm1 "${DISKS[@]:4:2}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 40M "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol1 -l 1 -n 2 -z 20M "${DISKS[@]:4:2}"
settle
for volume in vol0 vol1; do rest $volume; fill $volume; done
home=$(container_of vol0)
ours=$(supervisor "$home")
if mdmon "$home" 2>/out/second; then fail "a second mdmon without --takeover says that it monitors $home"; else status=$?; fi
[ $status = 3 ] && has /out/second "process $ours" || fail "a second mdmon ended with status $status and said: $(cat /out/second)"
say "a second one: $(cat /out/second)"

hold vol0 20
fail_disk vol0 "${DISKS[1]}"
expect 60 reached vol0 20
python3 load.py "/dev/$(md vol0)" "$DATA/vol0" "$RANDOM_SEED" /disks/stop 500 >/out/load.log 2>&1 &
load=$!

# checkpoint_at PERCENT: the rebuild is recorded to have come there, no less than before, and REPLY is how many of its blocks
last=0
checkpoint_at() {
    hold vol0 "$1"
    expect 60 reached vol0 "$1"
    expect 60 not_before "$last"
    not_before "$last"
    last=$REPLY
}
not_before() {
    local line
    examine "${DISKS[0]}" vol0 Checkpoint
    line=$REPLY
    line=${line%% *}
    REPLY=$line
    [ "${line:-0}" -gt "$1" ]
}
# left_times COUNT: ActorRaid has let go of the container so many times
left_times() { [ "$(grep -c "container-left $home" "$ACTORRAID_LOG")" = "$1" ]; }

checkpoint_at 30
percent=30
for round in 1 2; do
    quietly /sbin/mdmon.distrib --takeover "$home"
    expect 20 not supervised_by "$home" "$ours"
    theirs=$(supervisor "$home")
    [[ $(tr '\0' ' ' <"/proc/$theirs/cmdline") == *mdmon.distrib* ]] || fail "$home is not with mdmon, but with $(cat "/proc/$theirs/cmdline")"
    expect 40 left_times "$round"
    [ "$(supervisor "$(container_of vol1)")" = "$ours" ] || fail "the other container went too"
    dd if="$DATA/vol1" of="/dev/$(md vol1)" bs=4k count=1 oflag=direct conv=notrunc status=none
    percent=$((percent + 15)); checkpoint_at $percent
    say "with mdmon ($theirs) at $percent %: checkpoint $last"

    quietly mdmon --takeover "$home"
    expect 20 supervised_by "$home" "$ours"
    expect 30 ended "$theirs"
    percent=$((percent + 15)); checkpoint_at $percent
    say "back with ActorRaid at $percent %: checkpoint $last"
done
kill -0 "$load" || fail "the write load has ended: $(cat /out/load.log)"
: >/disks/stop
wait "$load" || fail "the write load failed: $(cat /out/load.log)"
say "$(tail -n 1 /out/load.log)"
found_ended /out/load.log
hold vol0 100
for volume in vol0 vol1; do
    rest $volume
    consistent $volume
    intact $volume
    expect 30 recorded_everywhere $volume "Map State" normal $(legs $volume)
    expect 30 recorded_everywhere $volume "Dirty State" clean $(legs $volume)
done
stop_all

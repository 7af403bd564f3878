#!/bin/bash
# A rebuild comes to 60 % while the supervisor cannot look, and is held there. What is recorded of it follows, and does
# not go back: not when the supervisor is killed and started again, not at the first writes after that, not when it
# hands over, not when the rebuild is frozen and goes on. Stopped, it is recorded where md has come to, and from there
# it goes on when assembled.
. "$LAB/guest-lib.sh"

disks 3 64M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 48M "${DISKS[@]:0:2}"
settle
rest vol0
home=$(container_of vol0)
leg_sectors=$(($(get vol0 component_size) * 2))
speed() { for limit in min max; do echo "$1" >/proc/sys/dev/raid/speed_limit_$limit; done; }
# percent: REPLY is how far the metadata says that it has come
percent() {
    local units per
    examine "${DISKS[0]}" vol0 Checkpoint
    read -r units per <<<"$REPLY"
    per=${per#(} per=${per%)}
    REPLY=$((${units:-0} * ${per:-0} * 100 / leg_sectors))
}
recorded_at() { percent; [ "$REPLY" -ge "$1" ]; }
# kept WHAT: it is recorded where it was before, or further on
least=0
kept() {
    percent
    [ "$REPLY" -ge "$least" ] || fail "$1: the checkpoint went back from $least % to $REPLY %"
    say "$1: recorded $REPLY %"
    least=$REPLY
}
write() { dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none; }

speed 500
hold vol0 60
fail_disk vol0 "${DISKS[1]}"
expect 30 that vol0 sync_action recover
pid=$(supervisor "$home")
kill -STOP "$pid"
speed 200000
expect 60 reached vol0 58
kill -CONT "$pid"
expect 15 recorded_at 58
kept "one value of sync_completed alone was seen"

supervisor_kill "$home"
supervisor_start "$home"
kept "killed and started again"
write
kept "written"
expect 30 volume_is vol0 clean
kept "clean again"
quietly mdmon --takeover "$home"
write
kept "handed over"
hold vol0 70
expect 30 reached vol0 68
expect 15 recorded_at 68
kept "went on"
speed 500
echo frozen >"$(attribute vol0 sync_action)"
pause 0.5
kept "frozen"
echo idle >"$(attribute vol0 sync_action)"
expect 30 that vol0 sync_action recover
write
kept "goes on"

hold vol0 100
pause 3 # md publishes nothing of what it does in these
stop_volume vol0
kept "stopped"
md_at=$least
quietly mdadm -I "/dev/$home"
settle
expect 30 that vol0 sync_action recover
expect 30 reached vol0 "$((md_at - 1))"
kept "assembled"
speed 200000
expect 60 whole vol0
rest vol0
consistent vol0
stop_all

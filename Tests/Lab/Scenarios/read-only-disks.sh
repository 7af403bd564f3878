#!/bin/bash
# The disks of a mirror become read-only: one of them, then all. With one, writers go on with the other half's metadata;
# with all, nothing can be recorded: status and log say so and what to do, and when a disk is writable again the writers
# go on by themselves. The spare could be written all the time, and counts for nothing: its copy tells of no volume.
. "$LAB/guest-lib.sh"
disks 3 48M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 1 -n 2 -z 16M "${DISKS[@]:0:2}"
settle
rest vol0
home=$(container_of vol0)
echo 0.05 >"$(attribute vol0 safe_mode_delay)"
dev=/dev/$(md vol0)
expect 20 volume_is vol0 clean
write() { dd if=/dev/zero of="$dev" bs=4k count=1 oflag=direct conv=notrunc status=none; }
told() { grep -c " $1 " "$ACTORRAID_LOG" || true; }

blockdev --setro "${DISKS[0]}"
say "one disk is read-only"
for _ in 1 2 3; do
    write &
    writer=$!
    expect 5 ended "$writer"
    wait "$writer" || fail "a write failed"
    expect 20 volume_is vol0 clean
done
if [ "$SUPERVISOR" = actorraid ]; then
    supervisor_rests "$home" 6
    [ "$(told metadata-write-failed)" = 1 ] || fail "told $(told metadata-write-failed) times"
fi
say "$(get vol0 "dev-${DISKS[0]#/dev/}/state"), degraded $(get vol0 degraded)"

blockdev --setro "${DISKS[1]}"
say "both are read-only"
(trap - ERR; write) 2>/out/writer &
writer=$!
pause 3
if ended "$writer"; then say "the writer has gone on: $(cat /out/writer)"; else say "the writer waits"; fi
if [ "$SUPERVISOR" = actorraid ]; then
    grep -q 'recorded-on-fewer .* 0 of 2 disks.*setrw' "$ACTORRAID_LOG" || fail "not told what to do: $(grep recorded-on-fewer "$ACTORRAID_LOG" | tail -n 1)"
    supervisor_rests "$home" 6
fi
blockdev --setrw "${DISKS[1]}"
expect 20 ended "$writer"
say "one is writable again: the writer has gone on"
blockdev --setrw "${DISKS[0]}"
same_generation() { [ "$(examined "${DISKS[0]}" - Generation)" = "$(examined "${DISKS[1]}" - Generation)" ]; }
[ "$SUPERVISOR" = mdmon ] || expect 20 same_generation
[ "$SUPERVISOR" = mdmon ] || has "$ACTORRAID_LOG" metadata-write-recovered
stop_all

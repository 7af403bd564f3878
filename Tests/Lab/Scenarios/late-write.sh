#!/bin/bash
# A disk's metadata write hangs; md fails the disk, which is recorded on the others; the hung write comes back while another commit is under
# way. LATE=ok: it comes back well; LATE=error: the disk is dead from then on. Nobody must notice: writers go on, the disk stays failed. The same
# disk then leaves the container and comes back as a spare, and is used.
. "$LAB/guest-lib.sh"
mapped_disks 4 48M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 4 -z 16M "${DISKS[@]}"
settle
rest vol0
home=$(container_of vol0) dev=/dev/$(md vol0)
pid=$(supervisor "$home")
echo 0.2 >"$(attribute vol0 safe_mode_delay)"
expect 30 volume_is vol0 clean read-auto
echo 2 >"$(attribute vol0 rmw_level)" # a small write reads nothing but its own chunk and the parity

dmsetup suspend --noflush --nolockfs disk3
# Left-asymmetric, chunks of 128 KiB: chunk 3 lies on disk 0, its parity on disk 2; disk 3 takes no part in the data.
dd if=/dev/zero of="$dev" bs=4k count=1 seek=$((384 / 4)) oflag=direct conv=notrunc status=none &
writer=$!
expect 10 ended "$writer"
pause 2
echo faulty >"$(attribute vol0 "dev-$(basename "${DISKS[3]}")/state")"
expect 20 recorded_like "${DISKS[0]}" vol0 "Map State" "degraded*"
expect 20 volume_is vol0 clean
say "the failure is recorded while the disk hangs"
for i in 0 1 2; do becomes $i delay 1500; done
dd if=/dev/zero of="$dev" bs=4k count=1 seek=$((384 / 4)) oflag=direct conv=notrunc status=none &
writer=$!
pause 0.5
if [ "${LATE:-ok}" = error ]; then dmsetup reload disk3 --table "0 $(blockdev --getsz "${LOOPS[3]}") error"; fi
dmsetup resume disk3
say "the hung write has come back"
expect 30 ended "$writer"
wait "$writer" || fail "the write failed"
for i in 0 1 2; do becomes $i linear; done
[ "$(supervisor "$home")" = "$pid" ] || fail "the supervisor is another one"
if [ -f "$ACTORRAID_LOG" ]; then ! grep -a -E "actor-failed|restarted|loop-failed" "$ACTORRAID_LOG" || fail "a late answer has ended an actor"; fi
expect 30 volume_is vol0 clean
timeout 10 dd if=/dev/zero of="$dev" bs=4k count=1 oflag=direct conv=notrunc status=none || fail "a write hangs"
if [ "${LATE:-ok}" = ok ]; then
    quietly mdadm --remove "/dev/$home" "${DISKS[3]}"
    settle
    adopt "$home" "${DISKS[3]}"
    expect 60 degraded vol0 0
    rest vol0
fi
stop_all

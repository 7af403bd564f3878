#!/bin/bash
# The story that deploy/try tells: a RAID5 volume is created by mdadm, written, loses a disk, is rebuilt onto a spare, is
# stopped and assembled again. Every step is confirmed by mdadm -E and by the data's checksum. SECTOR is 512 if not given, or 4096.
. "$LAB/guest-lib.sh"

took() { echo "$(($(now_ms) - started)) ms"; }

say "four disks of 64 MiB, an IMSM container on them"
disks 4 64M "${SECTOR:-512}"
container imsm0 "${DISKS[@]}"
say "container $(md imsm0) is there"

say "mdadm creates vol0: RAID5 on three of the disks"
volume vol0 5 3 20M imsm0
home=$(container_of vol0)
expect 10 supervised "$home"
say "volume $(md vol0) is there, supervised by pid $(supervisor "$home") ($(tr '\0' ' ' <"/proc/$(supervisor "$home")/cmdline"))"
rest vol0
expect 10 recorded "$(leg vol0 0)" vol0 "Map State" normal
expect 10 recorded_everywhere vol0 "Dirty State" clean $(legs vol0)
say "CONFIRMED by mdadm -E on every leg: initial resync done, map normal, clean"

echo 60 >"$(attribute vol0 safe_mode_delay)" # long enough to look at it while it is dirty
started=$(now_ms)
dd if=/dev/urandom of="/dev/$(md vol0)" bs=4k count=1 oflag=direct status=none
say "first write to the idle array went through after $(took)"
dirty=0
for disk in $(legs vol0); do ! recorded "$disk" vol0 "Dirty State" dirty || dirty=$((dirty + 1)); done
[ "$dirty" -ge 2 ] || fail "the write went through, but only $dirty of three legs say dirty"
say "CONFIRMED by mdadm -E: dirty on $dirty of three legs"

fill vol0
written=$(checksum vol0)
echo 0.2 >"$(attribute vol0 safe_mode_delay)"
say "40 MiB of random data written, sha256 ${written:0:16}"
expect 30 recorded_everywhere vol0 "Dirty State" clean $(legs vol0)
say "CONFIRMED by mdadm -E on every leg: clean again, after the writes have stopped"

lost=$(leg vol0 1)
hold vol0 50
started=$(now_ms)
fail_disk vol0 "$lost"
dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=1M count=1 oflag=direct conv=notrunc status=none
say "$lost fails; a write to the volume went through after $(took)"
survivor=$(leg vol0 0)
expect 30 recorded_like "$survivor" vol0 "Map State" "*degraded"
say "CONFIRMED by mdadm -E on $survivor: map $(examined "$survivor" vol0 "Map State"), slots $(examined "$survivor" vol0 Slots)"
expect 30 not test -e "/sys/block/$(md vol0)/md/dev-$(basename "$lost")"
say "$lost has been removed from $(md vol0)"
expect 30 that vol0 sync_action recover
spare=$(leg vol0 1)
[ "$spare" != "$lost" ] || fail "slot 1 holds the failed disk"
say "recovery onto the spare $spare started $(took) after the failure"
expect 10 recorded "$survivor" vol0 "Migrate State" rebuild
say "CONFIRMED by mdadm -E on $survivor: migrate state rebuild, map $(examined "$survivor" vol0 "Map State")"
intact vol0
say "CONFIRMED: data intact while it is being rebuilt, sha256 ${written:0:16}"
half=$(($(get vol0 component_size) / 256))
expect 30 recorded "$survivor" vol0 Checkpoint "$half (256)"
say "CONFIRMED by mdadm -E on $survivor: checkpoint $(examined "$survivor" vol0 Checkpoint), half way"
hold vol0 100
rest vol0
expect 30 recorded_everywhere vol0 "Migrate State" idle $(legs vol0)
expect 30 recorded_everywhere vol0 "Map State" normal $(legs vol0)
expect 30 recorded_everywhere vol0 Slots "[UUU]" $(legs vol0)
say "CONFIRMED by mdadm -E on every leg: rebuilt, slots [UUU], map normal"
consistent vol0
say "CONFIRMED by the kernel's check: mismatch_cnt 0"

stop_all
say "stopped: volume, container, and the supervisor has ended by itself"
recorded_everywhere vol0 "Dirty State" clean "$survivor" "$spare" || fail "stopped, but not recorded as clean"
say "CONFIRMED by mdadm -E: stopped clean"

assemble_one_by_one "$survivor" "$spare" "${DISKS[3]}" "${DISKS[2]}" "${DISKS[1]}" "${DISKS[0]}" >/dev/null
expect 30 md vol0
expect 30 degraded vol0 0
home=$(container_of vol0)
expect 10 supervised "$home"
say "assembled again, disk by disk: $(md vol0), supervised by pid $(supervisor "$home")"
intact vol0
that vol0 sync_action idle || fail "a volume stopped clean is resyncing"
say "CONFIRMED: no resync, data intact, sha256 $(checksum vol0 | cut -c 1-16)"
stop_all
say "THE END: every step was confirmed"

#!/bin/bash
# What is told is what has happened, and since it happened. A volume is degraded since its disk failed, whoever asks when, and after a handoff as well. A
# RAID5 grows: status has the checkpoint that mdadm -E has, and hooks hear of each fifth; then two of different containers at once. A RAID0 grows, which the kernel runs as a RAID4 without
# parity meanwhile: nobody is told that it is degraded or gone, and the last hook is run before the daemon, which has nothing left to do, ends.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh
. ./states-lib.sh

# told VOLUME FIELD: what status says of a volume
told() {
    { actorraid status --json "$1" || true; } |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["containers"][0]["arrays"][0].get(sys.argv[1]))' "$2" 2>/dev/null || true
}
# seconds VOLUME: for how long it has been what it is, as status says
seconds() { { actorraid status "$1" || true; } | sed -n 's/^  array .*, for \([0-9]*\) s .*/\1/p'; }
# dirtied: how often its writers made vol0 dirty, as far as this daemon has counted
dirtied() { told vol0 writers | sed -n "s/.*'dirtied': \([0-9]*\).*/\1/p"; }
# hooks: their events, in order
hooks() { cut -d ' ' -f 1 /out/hooks | tr '\n' ' '; }

disks 6 64M
hooks_on "" Fail DegradedArray NewArray DeviceDisappeared RebuildStarted RebuildNN RebuildFinished
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 20M "${DISKS[@]:0:3}"
settle
rest vol0
home=$(container_of vol0)

# Nobody asks before or when it happens.
counted=$(dirtied)
fail_disk vol0 "${DISKS[1]}"
failed=$SECONDS
pause 4
said=$(seconds vol0)
[ "$said" -ge 3 ] && [ "$said" -le $((SECONDS - failed + 1)) ] || fail "degraded for $((SECONDS - failed)) s, but: for $said s"
[ "$(dirtied)" -ge "$counted" ] || fail "its writers made it dirty $counted times, and since a disk failed $(dirtied) times"
since=$(told vol0 since)
before=$(supervisor "$home")
actorraid supervise --takeover || fail "the handoff ended with status $?"
expect 10 ended "$before"
[ -n "$(dirtied)" ] || fail "after a handoff nobody counts its writers: $(told vol0 writers)"
[ "$(told vol0 since)" = "$since" ] || fail "degraded since $since, after a handoff since $(told vol0 since)"
quietly mdadm --remove "/dev/$home" "${DISKS[1]}"
settle
adopt "$home" "${DISKS[1]}"
rest vol0
healed=$SECONDS
pause 3
[ "$(seconds vol0)" -ge 2 ] || fail "whole for $((SECONDS - healed)) s, but: for $(seconds vol0) s"
say "degraded for $said s, since $since before and after a handoff; whole for $(seconds vol0) s"

# examined_sectors DISK VOLUME: REPLY is how far mdadm -E has it: units, and sectors in each
examined_sectors() {
    local units sectors
    examine "$1" "$2" Checkpoint
    read -r units sectors <<<"$REPLY"
    sectors=${sectors//[()]/}
    REPLY=$((units * sectors))
}
# agrees DISK VOLUME: status has what the disk has
agrees() {
    local low said
    examined_sectors "$1" "$2"
    low=$REPLY
    said=$(told "$2" checkpointSectors)
    examined_sectors "$1" "$2"
    [ "$low" -gt 0 ] && [ "$said" -ge "$low" ] && [ "$said" -le "$REPLY" ]
}
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
settle
: >/out/hooks
set_pace 1500
grow "/dev/$home" --raid-devices=4
expect 60 reached vol0 30
agrees "${DISKS[0]}" vol0 || agrees "${DISKS[0]}" vol0 || fail "mdadm -E has checkpoint $(examined "${DISKS[0]}" vol0 Checkpoint), told is $(told vol0 checkpointSectors)"
say "checkpoint $(told vol0 checkpointSectors), mdadm -E: $(examined "${DISKS[0]}" vol0 Checkpoint)"
set_pace 4000
expect 60 quiet vol0
expect 10 has /out/hooks RebuildFinished
[ "$(hooks)" = "RebuildStarted Rebuild20 Rebuild40 Rebuild60 Rebuild80 RebuildFinished " ] || fail "hooks of a growing RAID5: $(hooks)"
stop_all
say "RAID5: $(hooks)"

# Two containers grow at once: each one's checkpoint is its own, in what is said of all as well, and goes forward.
checkpoints() {
    { actorraid status --json || true; } | python3 -c 'import json, sys
print(*(array.get("checkpointSectors", 0) for container in json.load(sys.stdin)["containers"] for array in container["arrays"]))'
}
disks 8 48M
for letter in A B; do
    first=$([ $letter = A ] && echo 6 || echo 10)
    container "imsm$letter" "${DISKS[@]:first:4}"
    quietly mdadm -CR "/dev/md/vol$letter" -l 5 -n 3 -z 20M "${DISKS[@]:first:3}"
    settle
    rest "vol$letter"
done
set_pace 700
for letter in A B; do grow "/dev/$(container_of vol$letter)" --raid-devices=4; done
for letter in A B; do expect 60 reached "vol$letter" 10; done
for letter in A B; do reshaping "vol$letter" || fail "vol$letter is not reshaped any more: the scenario proves nothing"; done
actorraid status >/out/both || [ $? = 1 ] || fail "two growths: $(cat /out/both)"
[[ $(head -n 1 /out/both) == "REBUILDING $(md volA) reshape "*"; REBUILDING $(md volB) reshape "* || $(head -n 1 /out/both) == "REBUILDING $(md volB) reshape "*"; REBUILDING $(md volA) reshape "* ]] ||
    fail "two growths: $(cat /out/both)"
agrees "${DISKS[6]}" volA || agrees "${DISKS[6]}" volA || fail "mdadm -E has checkpoint $(examined "${DISKS[6]}" volA Checkpoint), told is $(told volA checkpointSectors)"
agrees "${DISKS[10]}" volB || agrees "${DISKS[10]}" volB || fail "mdadm -E has checkpoint $(examined "${DISKS[10]}" volB Checkpoint), told is $(told volB checkpointSectors)"
was="0 0"
for look in 1 2 3 4 5; do
    now=$(checkpoints)
    [ "${now% *}" -gt 0 ] && [ "${now#* }" -gt 0 ] && [ "${now% *}" -ge "${was% *}" ] && [ "${now#* }" -ge "${was#* }" ] || fail "checkpoints of two growths: $was, then $now"
    was=$now
    pause 0.3
done
for letter in A B; do reshaping "vol$letter" || fail "vol$letter ended before all was asked: the scenario proves nothing"; done
say "two growths at once: $(head -n 1 /out/both); checkpoints $was"
set_pace 40000
for letter in A B; do expect 60 quiet "vol$letter"; done
stop_all

container imsm1 "${DISKS[@]:4:2}"
quietly mdadm -CR /dev/md/vol1 -l 0 -n 1 -c 64 -z 20M "${DISKS[4]}" --force
settle
: >/out/hooks
lines=$(wc -l <"$ACTORRAID_LOG")
set_pace 500
grow "/dev/$(container_of vol1)" --raid-devices=2
expect 60 reshaping vol1
home=$(container_of vol1)
state volume-raid0-grows array="$(md vol1)" volume=vol1
set_pace 4000
first=$(supervisor "$(container_of vol1)")
until quiet vol1 && that vol1 level raid0; do
    case $(told vol1 health) in degraded | failed) fail "a growing RAID0 is $(told vol1 health): $(actorraid status vol1)" ;; esac
done
expect 20 ended "$first"
! grep -qE "DegradedArray|Fail|DeviceDisappeared" /out/hooks || fail "hooks of a growing RAID0: $(hooks)"
[[ $(hooks) == *"RebuildStarted "*"RebuildFinished "* ]] || fail "hooks of a growing RAID0: $(hooks)"
! tail -n +$((lines + 1)) "$ACTORRAID_LOG" | grep -E " (warning|error) " || fail "warnings of a growing RAID0"
say "RAID0: $(hooks)"
stop_all

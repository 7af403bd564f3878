#!/bin/bash
# All disks of a mirror are pulled at once, while it is written or idle. Its writers get their error as soon as md
# gives it, other containers do not notice, and the supervisor rests.
. "$LAB/guest-lib.sh"
unset IMSM_DEVNAME_AS_SERIAL
scsi_disks 6 32
container imsmA "${DISKS[@]:0:2}"
quietly mdadm -CR /dev/md/busy -l 1 -n 2 -z 12M "${DISKS[@]:0:2}"
container imsmB "${DISKS[@]:2:2}"
quietly mdadm -CR /dev/md/idle -l 1 -n 2 -z 12M "${DISKS[@]:2:2}"
container imsmC "${DISKS[@]:4:2}"
quietly mdadm -CR /dev/md/other -l 1 -n 2 -z 12M "${DISKS[@]:4:2}"
settle
for v in busy idle other; do rest $v; echo 0.05 >"$(attribute $v safe_mode_delay)"; done
for v in busy idle other; do expect 20 volume_is $v clean read-auto; done

# write VOLUME [COUNT]
write() { timeout 60 dd if=/dev/zero of="/dev/$(md "$1")" bs=4k count="${2:-1}" oflag=direct conv=notrunc status=none; }

# gets_error VOLUME: a write ends, with an error
gets_error() {
    local began writer
    began=$(now_ms)
    (trap - ERR; write "$1") >"/out/$1.error" 2>&1 &
    writer=$!
    expect 20 ended "$writer"
    ! wait "$writer" || fail "a write to $1 succeeded without a disk"
    has "/out/$1.error" "Input/output error" || fail "a write to $1: $(cat "/out/$1.error")"
    say "$1: the writer has its error after $(($(now_ms) - began)) ms"
}

say "a mirror that is being written: both disks are pulled"
pulled=("${DISKS[@]:0:2}")
(trap - ERR; while write busy 64; do :; done) 2>/out/writer &
writer=$!
pause 1
pull 0
pull 1
expect 20 ended "$writer"
say "its writer has: $(tail -n 1 /out/writer)"
gets_error busy
for disk in "${pulled[@]}"; do mdadm -If "${disk#/dev/}" 2>&1 || true; done

say "an idle mirror: both disks are pulled"
pull 2
pull 3
gets_error idle
gets_error idle
write other || fail "a write to the healthy mirror"
if [ "$SUPERVISOR" = actorraid ]; then
    supervisor_rests "$(container_of other)" 6
    [ "$(grep -c ' metadata-write-failed ' "$ACTORRAID_LOG")" -le 4 ] || fail "a dead disk was told more than once"
fi
stop "$(md idle)" # busy was stopped by mdadm -If of its last disk
write other || fail "a write to the healthy mirror"

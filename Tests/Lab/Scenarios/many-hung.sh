#!/bin/bash
# Sixteen containers with one hung disk each, and one that is healthy: the healthy one's writes go through at once,
# threads, descriptors and memory stay within bounds, status answers and names the disks, and when they answer again
# every write goes through.
. "$LAB/guest-lib.sh"
COUNT=${COUNT:-16}
mapped_disks "$COUNT" 16M
disks $((COUNT + 2)) 16M
for n in $(seq 0 $((COUNT - 1))); do
    quietly mdadm -CR "/dev/md/imsm$n" -e imsm -n 2 "${DISKS[n]}" "${DISKS[COUNT + n]}"
    quietly mdadm -CR "/dev/md/vol$n" -l 1 -n 2 -z 4M --assume-clean "/dev/md/imsm$n"
done
container healthy "${DISKS[@]:2*COUNT:2}"
quietly mdadm -CR /dev/md/other -l 1 -n 2 -z 4M --assume-clean /dev/md/healthy
settle
say "made"
device() { readlink -f "/dev/md/$1"; }
other=$(device other)
state=$(attribute other array_state)
echo 0.05 >"$(attribute other safe_mode_delay)"
pid=$(supervisor "$(container_of other)")
# use: REPLY is threads, descriptors and memory (KiB) of the daemon
use() {
    local key value
    REPLY=
    while read -r key value _; do case $key in Threads: | VmRSS:) REPLY+="$key $value " ;; esac; done <"/proc/$pid/status"
    REPLY+="fds $(ls "/proc/$pid/fd" | wc -l)"
}
number() { sed -n "s/.*$1:* \([0-9]*\).*/\1/p" <<<"$REPLY"; }
# transition: REPLY is how many ms a write to the idle healthy volume takes
transition() {
    local before
    expect 60 is "$state" clean read-auto
    before=$(now_ms)
    dd if=/dev/zero of="$other" bs=4k count=1 oflag=direct conv=notrunc status=none
    REPLY=$(($(now_ms) - before))
}
use
say "before: $REPLY"
threads=$(number Threads) descriptors=$(number fds) memory=$(number VmRSS)
writers=()
for n in $(seq 0 $((COUNT - 1))); do
    dmsetup suspend --nolockfs --noflush "disk$n"
    (exec dd if=/dev/zero of="$(device "vol$n")" bs=4k count=1 oflag=direct conv=notrunc status=none) &
    writers+=($!)
done
say "all $COUNT hang"
worst=0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    transition
    [ "$REPLY" -le "$worst" ] || worst=$REPLY
    pause 0.5
done
use
say "the worst write to the healthy volume took $worst ms; $REPLY"
[ "$worst" -lt 3000 ] || fail "a write to the healthy volume took $worst ms"
began=$(now_ms)
actorraid status >/out/status || true
took=$(($(now_ms) - began))
say "status after $took ms: $(head -n 1 /out/status)"
[ "$took" -lt 5000 ] || fail "status took $took ms"
use
[ "$(number Threads)" -le $((threads + COUNT)) ] || fail "threads: $threads before, now $REPLY"
[ "$(number fds)" -le $((descriptors + 8)) ] || fail "descriptors: $descriptors before, now $REPLY"
[ "$(number VmRSS)" -le $((memory + 32768)) ] || fail "memory: $memory KiB before, now $REPLY"
[ "$(grep -c ' disk-hangs ' "$ACTORRAID_LOG")" = "$COUNT" ] || fail "$(grep -c ' disk-hangs ' "$ACTORRAID_LOG") of $COUNT hung disks were told"
for n in $(seq 0 $((COUNT - 1))); do dmsetup resume "disk$n"; done
for writer in "${writers[@]}"; do expect 30 ended "$writer"; wait "$writer" || fail "a write failed after its disk was back"; done
use
say "all answer again: $REPLY"

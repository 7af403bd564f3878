#!/bin/bash
# One of a container's disks has died (EIO for everything), is out of its array, but still in the container: the normal state until somebody replaces it.
# WAY=restart: the supervisor is killed and started again. WAY=handoff: the program is replaced by another copy, while a second container is supervised too.
# Right: supervised without the dead disk, which is told as unreadable, once; every write goes through; the disk is a member again if it answers again.
. "$LAB/guest-lib.sh"
WAY=${WAY:-restart}
disks 6 48M
D=()
for i in 0 1 2; do dmsetup create "hd$i" --table "0 $(blockdev --getsz "${DISKS[i]}") linear ${DISKS[i]} 0"; done
settle
for i in 0 1 2; do D+=("/dev/$(basename "$(readlink -f "/dev/mapper/hd$i")")"); done
container imsmA "${D[@]}"
quietly mdadm -CR /dev/md/volA -l 5 -n 3 -z 16M "${D[@]}"
container imsmB "${DISKS[@]:3:3}"
quietly mdadm -CR /dev/md/volB -l 5 -n 3 -z 16M "${DISKS[@]:3:3}"
settle
rest volA
rest volB
for v in volA volB; do echo 0.05 >"$(attribute "$v" safe_mode_delay)"; done
a=$(container_of volA)
b=$(container_of volB)
pid=$(supervisor "$a")

# goes_through VOLUME: a write that has to be recorded
goes_through() {
    expect 30 volume_is "$1" clean read-auto
    timeout 20 dd if=/dev/zero of="/dev/$(md "$1")" bs=4k count=1 oflag=direct conv=notrunc status=none || fail "a write to $1 hangs or fails: $(get "$1" array_state)"
}

say "a disk of $a dies"
sectors=$(blockdev --getsz "${DISKS[2]}")
dmsetup suspend --noflush --nolockfs hd2
dmsetup reload hd2 --table "0 $sectors error"
dmsetup resume hd2
dd if=/dev/zero of="/dev/$(md volA)" bs=64k count=40 oflag=direct conv=notrunc status=none
# Newer kernels record bad blocks for long before they fail a disk: then somebody else does.
degraded volA 1 || fail_disk volA "${D[2]}"
expect 30 degraded volA 1
expect 10 volume_is volA clean
in_container "$a" "${D[2]}" || fail "the dead disk has left the container"

if [ "$WAY" = restart ]; then
    say "killed and started again"
    supervisor_kill "$a"
    mdmon --all || fail "not supervised: $?"
else
    say "replaced by another copy of the program"
    mkdir -p /run/new
    program=$(dirname "$(readlink -f /sbin/mdmon)")
    cp "$program/actorraid" "$program/libMonoPosixHelper.so" /run/new/
    ln -s actorraid /run/new/mdmon
    /run/new/actorraid supervise --all --takeover || fail "not taken over: $?"
    expect 20 ended "$pid"
fi
for c in "$a" "$b"; do
    expect 10 kill -0 "$(supervisor "$c")"
    [ "$(supervisor "$c")" != "$pid" ] || fail "$c is not supervised by the new process"
done
goes_through volA
goes_through volB
[ "$(grep -c ' disk-unreadable ' "$ACTORRAID_LOG")" = 1 ] || fail "disk-unreadable was not told once"
actorraid status --json >/out/status || true
grep -q '"unreadable": *"[^"]*EIO' /out/status || fail "status does not tell the disk as unreadable: $(cat /out/status)"

say "the disk answers again: nothing is lost by that, and nothing of it is believed"
dmsetup suspend --noflush --nolockfs hd2
dmsetup reload hd2 --table "0 $sectors linear ${DISKS[2]} 0"
dmsetup resume hd2
expect 30 has "$ACTORRAID_LOG" ' disk-readable '
goes_through volA
expect 10 volume_is volA clean
degraded volA 1 || fail "volA is not degraded any more"

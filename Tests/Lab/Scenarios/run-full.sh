#!/bin/bash
# /run is full to the last byte, or read-only, while two containers are supervised. Nothing that is asked for
# meanwhile takes supervision down: status, a takeover, a third container, the farewell. What cannot be done is told
# with its reason. WAYS: full, ro, or both, one after the other.
. "$LAB/guest-lib.sh"
disks 8 32M
for n in 0 1 2; do
    container "imsm$n" "${DISKS[@]:n*2:2}"
    quietly mdadm -CR "/dev/md/vol$n" -l 1 -n 2 -z 8M "${DISKS[@]:n*2:2}"
done
settle
for n in 0 1 2; do rest "vol$n"; echo 0.05 >"$(attribute "vol$n" safe_mode_delay)"; done
a=$(container_of vol0) b=$(container_of vol1) c=$(container_of vol2) dev0=/dev/$(md vol0) dev1=/dev/$(md vol1)
state0=$(attribute vol0 array_state) state1=$(attribute vol1 array_state)
mkdir -p /new
program=$(dirname "$(readlink -f /sbin/mdmon)")
cp "$program/actorraid" "$program/libMonoPosixHelper.so" /new/
ln -s actorraid /new/mdmon
stop "$(md vol2)"
expect 10 not test -e "/run/mdadm/$c.pid"
pid=$(supervisor "$a")

# goes_through: both volumes are written from clean, that is to say somebody supervises them
goes_through() {
    local device
    expect 30 is "$state0" clean read-auto
    expect 30 is "$state1" clean read-auto
    for device in "$dev0" "$dev1"; do
        timeout 20 dd if=/dev/zero of="$device" bs=4k count=1 oflag=direct conv=notrunc status=none || fail "a write to $device hangs or fails, when $1"
    done
}

# tries WHAT COMMAND...: its status and what it says, which must be something if it fails; the volumes are supervised whatever it does
tries() {
    local what=$1 status=0
    shift
    timeout 40 "$@" >/out/said 2>&1 || status=$?
    say "$what: status $status; $(head -c 300 /out/said | tr '\n' '|')"
    [ "$status" = 0 ] || [ -s /out/said ] || fail "$what failed without a word"
    [ "$status" != 124 ] || fail "$what hangs"
    goes_through "$what"
}

full() {
    mount -o remount,size=$(($(df --output=used -B1 /run | tail -n 1) + 65536)) /run
    dd if=/dev/zero of=/run/fill bs=4k status=none 2>/out/none || true
    ! { echo full >/run/probe; } 2>/out/none || fail "/run is not full"
}
space() { rm -f /run/fill; mount -o remount,size=100M /run; }

for way in ${WAYS:-full ro}; do
    say "---- /run is $way"
    case $way in full) full ;; ro) expect 10 mount -o remount,ro /run ;; esac
    goes_through "$way"
    tries "status" actorraid status
    tries "a third container" mdmon "$c"
    [ "$way" = full ] || has /out/said EROFS || fail "not told why"
    tries "a second mdmon" mdmon "$a"
    tries "a takeover of all" /new/actorraid supervise --all --takeover
    case $way in full) space ;; ro) mount -o remount,rw /run ;; esac
    expect 20 supervised "$a"
    expect 20 supervised "$b"
    goes_through "there is space again"
    tries "the third container" mdmon "$c"
    expect 10 has "$ACTORRAID_LOG" "container-supervised $c" # and left again: nothing runs in it
    say "supervised by $(supervisor "$a"), $(supervisor "$b")"
done
say "---- farewell while /run is read-only"
expect 10 mount -o remount,ro /run # mdadm and udev write there now and then
pid=$(supervisor "$a")
kill -TERM "$pid"
expect 30 ended "$pid"
is "$state0" clean || fail "not clean after the farewell: $(cat "$state0")"
has "$ACTORRAID_LOG" "as it was told to"
mount -o remount,rw /run
tries "everything again" mdmon --all
grep -E ' (error|warning) ' "$ACTORRAID_LOG" | cut -c1-250
! grep -E ' (host-failed|container-failed|daemon-failed|actor-failed) ' "$ACTORRAID_LOG" || fail "something was lost"

#!/bin/bash
# The daemon as a service: what systemd hears of it (READY, STATUS with a rebuild's progress, WATCHDOG, RELOADING, STOPPING), with a
# disk that hangs (the watchdog is fed) and with a container's thread that is stuck in the program (it is not).
. "$LAB/guest-lib.sh"

watchdog=6 # seconds
export ACTORRAID_CONFIG=/out/actorraid.json
python3 notify.py /run/notify /out/notify &
expect 10 test -S /run/notify
NOTIFY_SOCKET=/run/notify WATCHDOG_USEC=${watchdog}000000 actorraid supervise --all --foreground 2>/out/service.log &
daemon=$!

# told MESSAGE: systemd was told so
told() { grep -qx "[0-9]* $1" /out/notify; }

# status TEXT: the last status is that (a shell pattern)
status() {
    local line last=
    while read -r _ line; do [[ $line != STATUS=* ]] || last=${line#STATUS=}; done </out/notify
    [[ $last == $1 ]]
}

# count WORD: REPLY is how many messages begin with it
count() {
    local line
    REPLY=0
    while read -r _ line; do [[ $line != "$1"* ]] || REPLY=$((REPLY + 1)); done </out/notify
}

# more WORD NUMBER: there are more of these messages than so many
more() { count "$1"; [ "$REPLY" -gt "$2" ]; }

# configure JSON: writes the file and has it read
configure() { echo "$1" >"$ACTORRAID_CONFIG"; actorraid reload; }

expect 30 told READY=1
expect 10 status "nothing to supervise"
expect 10 told WATCHDOG=1

disks 6 48M
for i in 0 1; do
    dmsetup create "hang$i" --table "0 $(blockdev --getsz "${DISKS[i]}") linear ${DISKS[i]} 0"
done
settle
hanging=("/dev/$(basename "$(readlink -f /dev/mapper/hang0)")" "/dev/$(basename "$(readlink -f /dev/mapper/hang1)")")
container imsmA "${hanging[@]}"
container imsmB "${DISKS[@]:2:4}"
quietly mdadm -CR /dev/md/volA -l 1 -n 2 -z 16M "${hanging[@]}"
quietly mdadm -CR /dev/md/volB -l 5 -n 3 -z 16M "${DISKS[@]:2:3}"
settle
rest volA
rest volB
fill volA
fill volB
rest volA
rest volB
a=$(md imsmA)
b=$(md volB)
[ "$(supervisor imsmA)" = "$daemon" ] || fail "imsmA is supervised by $(supervisor imsmA), not by the service $daemon"
expect 10 status "2 containers, 2 arrays"
say "status with two containers at rest"

# A degraded array is given no spare while the configuration says so; that is shown, and so is the rebuild that follows.
quietly configure '{ "activateSpares": false, /* for now */ }'
hold volB 40
fail_disk volB "${DISKS[3]}"
expect 10 status "2 containers, 2 arrays; $b degraded, 2 of 3 legs"
always 2 that volB sync_action idle
quietly configure '{}'
expect 20 status "2 containers, 2 arrays; $b recovery [34]? %"
say "$(grep STATUS /out/notify | tail -n 1)"
hold volB 70
expect 20 status "2 containers, 2 arrays; $b recovery [67]? %"
hold volB 100
rest volB
expect 10 status "2 containers, 2 arrays"

# A file that is not in order changes nothing, and whoever had it read hears why.
count RELOADING=1
before=$REPLY
if configure '{ "activateSpares": "no" }' >/out/reload 2>&1; then fail "a reload of a file that is not in order has the status 0"; fi
has /out/reload "activateSpares is \"no\"; allowed is true or false" || fail "reload said: $(cat /out/reload)"
count RELOADING=1
[ "$REPLY" -eq $((before + 1)) ] || fail "$REPLY times RELOADING=1 instead of $((before + 1))"
kill -HUP "$daemon"
expect 10 more RELOADING=1 $((before + 1))
echo '{}' >"$ACTORRAID_CONFIG"
quietly actorraid reload
actorraid config >/out/config
python3 - <<'PYTHON'
# The time that goes with RELOADING=1 is the clock's on which the message came.
for line in open("/out/notify"):
    when, message = line.rstrip("\n").split(" ", 1)
    if message.startswith("RELOADING=1"):
        told = int(message.split("MONOTONIC_USEC=")[1]) // 1000
        assert int(when) - 2000 <= told <= int(when) + 1, line
PYTHON

# A disk hangs: it is shown, and the watchdog is fed, for a new process would wait for it too.
dmsetup suspend --nolockfs --noflush hang1
dd if="$DATA/volA" of="/dev/$(md volA)" bs=4k count=1 oflag=direct conv=notrunc status=none &
writer=$!
expect 10 status "2 containers, 2 arrays; $(basename "${hanging[1]}") has not answered a metadata write"
say "$(grep STATUS /out/notify | tail -n 1)"
count WATCHDOG=1
expect $((watchdog * 2)) more WATCHDOG=1 $((REPLY + 2))
! ended "$writer" || fail "the write to volA went through although its disk hangs"
dmsetup resume hang1
expect 30 ended "$writer"
expect 10 status "2 containers, 2 arrays"

# The container's thread stands still, which is the program's own fault: told, and the watchdog is not fed. The other container is served.
python3 freeze.py "$daemon" "$a" /out/frozen &
expect 10 test -e /out/frozen
expect 15 status "2 containers, 2 arrays; $a is stuck"
expect 10 has "$ACTORRAID_LOG" "container-stuck"
count WATCHDOG=1
fed=$REPLY
dd if="$DATA/volB" of="/dev/$b" bs=4k count=1 oflag=direct conv=notrunc status=none
pause $((watchdog + 1))
count WATCHDOG=1
[ "$REPLY" -eq "$fed" ] || fail "the watchdog was fed while $a was stuck"
rm /out/frozen
expect 10 more WATCHDOG=1 "$fed"
expect 10 status "2 containers, 2 arrays"
expect 10 has "$ACTORRAID_LOG" "container-answers"
say "the thread goes on"

# Let go in order: arrays clean, and what they hold is what was written.
dd if="$DATA/volB" of="/dev/$b" bs=4k count=1 oflag=direct conv=notrunc status=none
kill -TERM "$daemon"
expect 30 ended "$daemon"
told "STOPPING=1|EXTEND_TIMEOUT_USEC=45000000" || fail "systemd was not told that the service stops"
volume_is volB clean || fail "volB is $(get volB array_state) after the service has stopped"
supervisor_start imsmA imsmB
rest volA
intact volA
intact volB
stop_all

python3 - <<'PYTHON'
# Fed often enough, but for the time when a thread stood still.
times = [int(line.split()[0]) for line in open("/out/notify") if line.split(" ", 1)[1].startswith("WATCHDOG=1")]
late = [later - earlier for earlier, later in zip(times, times[1:]) if later - earlier > 6000]
print(f"watchdog fed {len(times)} times, {len(late)} times late: {late}")
assert len(late) == 1, late
PYTHON

#!/bin/bash
# The one question, asked in every way while a volume fails and is rebuilt: status, --json, --watch (in a terminal, by
# tmux), events, explain, hooks; and those who may not ask, ask too much, or do not listen (status.py).
. "$LAB/guest-lib.sh"
. ./states-lib.sh

group=4711
echo "actorraid:x:$group:" >>/etc/group
events=(Fail DegradedArray SpareUsed RebuildStarted RebuildNN RebuildFinished SpareActive TestMessage)
hooks_on '"activateSpares": false' "${events[@]}"

# asked STATUS FIRSTLINE ARGUMENT...: the exit status and the first line (a shell pattern) of actorraid status
asked() {
    local wanted=$1 line=$2 got=0
    shift 2
    actorraid status "$@" >/out/status.txt 2>&1 || got=$?
    read -r REPLY </out/status.txt || true
    [ "$got" = "$wanted" ] && [[ $REPLY == $line ]]
}

asked 0 "*no daemon runs*" && has /out/status.txt "OK: nothing to supervise" || fail "without a daemon: status $(cat /out/status.txt)"
actorraid supervise --all --foreground 2>/out/service.log &
daemon=$!
expect 30 asked 0 "OK: nothing to supervise"
[ "$(stat -c '%a %g' /run/actorraid/control.sock)" = "660 $group" ] || fail "the socket is $(stat -c '%a %g' /run/actorraid/control.sock)"

disks 4 48M
container imsm0 "${DISKS[@]}"
volume vol0 5 3 16M imsm0
rest vol0
array=$(md vol0) home=$(md imsm0)
in_terminal "actorraid status --watch"
actorraid events --follow --json >/out/follow.json &
follower=$!
asked 0 "OK: 1 container, 1 array" || fail "whole: $(cat /out/status.txt)"
expect 10 terminal_shows "*OK: 1 container, 1 array*"
actorraid status --json vol0 >/out/whole.json || fail "status --json of a whole array: status $?"
python3 status.py whole "$array" "$home" </out/whole.json
say "whole: $(head -n 1 /out/status.txt)"

# A disk fails, and the spare may not be used.
lost=$(basename "$(leg vol0 1)")
hold vol0 50
fail_disk vol0 "/dev/$lost"
expect 10 asked 1 "DEGRADED $array, 2 of 3 legs*"
expect 10 terminal_shows "*DEGRADED $array, 2 of 3 legs*"
expect 10 has /out/hooks "Fail /dev/$array /dev/$lost"
expect 10 has /out/hooks "DegradedArray /dev/$array /dev/$lost"
actorraid explain vol0 >/out/explain.degraded
has /out/explain.degraded "There is a spare" || fail "explain says: $(cat /out/explain.degraded)"
has /out/explain.degraded "$lost in slot 1 of $array is faulty" || fail "explain says: $(cat /out/explain.degraded)"
say "degraded: $(head -n 1 /out/explain.degraded)"

# Now it may, slowly, so that the kernel tells of each sixteenth, and the kernel itself stops half way.
for limit in min max; do echo 3000 >"/proc/sys/dev/raid/speed_limit_$limit"; done
hooks_on "" "${events[@]}"
quietly actorraid reload
expect 20 terminal_shows "*recovery \[##*\] [45]? %*"
asked 1 "REBUILDING $array [45]? %*" || fail "rebuilding: $(cat /out/status.txt)"
# In units of 256 sectors; steps of less than a sixteenth of a leg need not be recorded.
half_recorded() {
    local half=$(($(get vol0 component_size) / 256))
    examine "$(leg vol0 0)" vol0 Checkpoint
    REPLY=${REPLY%% *}
    [ "$REPLY" -le "$half" ] && [ "$REPLY" -gt 0 ]
}
expect 10 half_recorded
actorraid status --json >/out/rebuilding.json || [ $? = 1 ] || fail "status --json while rebuilding"
python3 status.py rebuilding "$array" "$home" </out/rebuilding.json
actorraid explain "$array" >/out/explain.rebuilding
has /out/explain.rebuilding "A recovery fills a disk" || fail "explain says: $(cat /out/explain.rebuilding)"
say "rebuilding: $(grep -F '[##' /out/watch.txt)"
hold vol0 100
rest vol0
expect 10 asked 0 "OK: 1 container, 1 array*"
expect 10 terminal_shows "*OK: 1 container, 1 array*"
for event in SpareUsed RebuildStarted Rebuild40 RebuildFinished SpareActive; do expect 10 has /out/hooks "$event /dev/$array"; done
say "hooks: $(cut -d ' ' -f 1 /out/hooks | tr '\n' ' ')"

actorraid events --level debug --json >/out/events.json
python3 status.py events "$array" "$lost" </out/events.json
actorraid events >/out/events.txt
expect 10 has /out/follow.json "array-whole"
kill "$follower"
actorraid hooks --test TestMessage >/out/hooks.txt || fail "hooks --test: $(cat /out/hooks.txt)"
has /out/hooks.txt "on TestMessage: exit status 0" || fail "hooks --test says: $(cat /out/hooks.txt)"
python3 status.py hooks </out/hooks.json

# Those who may not, who ask too much, or do not listen; the array is written meanwhile.
fill vol0 4
python3 status.py clients "$group" "/dev/$array"
intact vol0
ended "$daemon" && fail "the daemon has ended"
asked 0 "OK: 1 container, 1 array*" || fail "after all that: $(cat /out/status.txt)"
tmux -L lab kill-server

# No permission is reported as that, a command that is not understood as that, and nobody waits for a daemon that is
# stopped, or believes what it said before. ends STATUS TEXT COMMAND...: a command ends within 4 s with that status, and
# says so
ends() {
    local wanted=$1 text=$2 got=0 began=$SECONDS
    shift 2
    "$@" >/out/said.txt 2>&1 || got=$?
    [ "$got" = "$wanted" ] && has /out/said.txt "$text" || fail "$*: status $got, not $wanted, or not \"$text\": $(cat /out/said.txt)"
    [ $((SECONDS - began)) -le 4 ] || fail "$*: $((SECONDS - began)) s"
}
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
for command in reload config; do ends 1 "permission denied" nobody actorraid $command; done
ends 3 "only root and the group actorraid may ask" nobody actorraid status
ends 64 "--since" actorraid events --since
actorraid status --watch >/out/watched.txt 2>&1 &
watcher=$!
expect 10 has /out/watched.txt "OK: 1 container, 1 array"
kill -STOP "$daemon"
for command in status "status --json" "explain vol0" hooks; do ends 3 "has not answered for 3 s" actorraid $command; done
ends 1 "has not answered within 3 s" actorraid config
state daemon-stopped
wait "$watcher" && fail "status --watch ends with 0 while the daemon is stopped" || [ $? = 3 ] || fail "status --watch does not end with 3"
has /out/watched.txt "has not answered for 3 s" || fail "status --watch says: $(tail -n 3 /out/watched.txt)"
kill -CONT "$daemon"
expect 10 asked 0 "OK: 1 container, 1 array*"
say "stopped: $(cat /out/said.txt)"
stop_all
kill -TERM "$daemon"
expect 30 ended "$daemon"
[ ! -e /run/actorraid/control.sock ] || fail "the socket was left"

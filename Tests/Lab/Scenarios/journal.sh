#!/bin/bash
# The events arrive in systemd's journal with their fields and priorities; and a journald that takes nothing any more (SIGSTOP, its
# socket full) delays no write, and learns afterwards how many events it did not get; nor does one that was killed. That an array becomes dirty and clean
# with every burst of writes is no line in it, is counted, and pushes nothing that matters out of what the daemon remembers.
. "$LAB/guest-lib.sh"
export ACTORRAID_CONFIG=/out/actorraid.json
echo '{}' >"$ACTORRAID_CONFIG"

mkdir -p /run/systemd/journal /run/log/journal
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 none /sys/fs/cgroup || mount -t tmpfs none /sys/fs/cgroup
/lib/systemd/systemd-journald >/out/journald 2>&1 &
journald=$!
expect 30 test -S /run/systemd/journal/socket
say "journald runs by itself, pid $journald"

disks 4 48M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M "${DISKS[@]:0:3}"
settle
rest vol0
container=$(md imsm0)
array=$(md vol0)

# journal OUTFILE: all that the supervisor told, one JSON object a line
journal() { journalctl --sync; journalctl -o json SYSLOG_IDENTIFIER=actorraid >"$1"; }

# told EVENT PRIORITY FIELD=VALUE...: the journal has such an event
told() {
    journal /out/journal.json
    python3 - "$@" <<'PYTHON'
import json, sys
event, priority, wanted = sys.argv[1], sys.argv[2], dict(field.split("=", 1) for field in sys.argv[3:])
wanted |= {"EVENT": event, "PRIORITY": priority, "SYSLOG_IDENTIFIER": "actorraid"}
entries = [json.loads(line) for line in open("/out/journal.json")]
if not any(all(entry.get(name) == value for name, value in wanted.items()) and entry.get("MESSAGE") for entry in entries):
    sys.exit(f"no entry with {wanted} among these {len(entries)}: "
             + str([{name: value for name, value in entry.items() if not name.startswith("_")} for entry in entries][-20:]))
PYTHON
}

expect 10 told container-supervised 6 "CONTAINER=$container"
expect 10 told array-supervised 6 "CONTAINER=$container" "ARRAY=$array"
fail_disk vol0 "${DISKS[1]}"
rest vol0
expect 10 told leg-failed 4 "CONTAINER=$container" "ARRAY=$array" "DISK=loop1"
expect 10 told leg-removed 6 "CONTAINER=$container" "ARRAY=$array" "DISK=loop1"
expect 10 told recovery-started 6 "CONTAINER=$container" "ARRAY=$array" "DISK=loop3"
say "in the journal: $(journalctl -o cat SYSLOG_IDENTIFIER=actorraid EVENT=leg-failed)"

fill vol0
echo 0.05 >"$(attribute vol0 safe_mode_delay)"
# transition: REPLY is how many ms a write to the idle volume takes
transition() {
    local before
    expect 60 volume_is vol0 clean
    before=$(now_ms)
    dd if="$DATA/vol0" of="/dev/$array" bs=4k count=1 oflag=direct conv=notrunc status=none
    REPLY=$(($(now_ms) - before))
}
# median WRITES: REPLY is what half of so many take at most
median() {
    local times=() write
    for write in $(seq "$1"); do
        transition
        times+=("$REPLY")
    done
    mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
    REPLY=${times[$1 / 2]}
}

# lines: how many the journal has of ours
lines() { journalctl --sync; journalctl -o cat SYSLOG_IDENTIFIER=actorraid | wc -l; }
# counted FIELD: what status has counted of the array's writers
counted() { actorraid status --json vol0 | sed -n "s/^ *\"$1\": \([0-9]*\),*\$/\1/p"; }
before=$(lines) dirtied=$(counted dirtied) cleaned=$(counted cleaned) shown=$(actorraid events | wc -l)
echo 0.01 >"$(attribute vol0 safe_mode_delay)"
median 200
expect 60 volume_is vol0 clean
[ "$(lines)" = "$before" ] || fail "200 bursts of writes: $(($(lines) - before)) lines more in the journal: $(journalctl -o cat SYSLOG_IDENTIFIER=actorraid | tail -n 3)"
# One that begins before the end of the one before was looked at is part of it.
[ "$(counted dirtied)" -ge $((dirtied + 190)) ] && [ "$(counted cleaned)" -ge $((cleaned + 190)) ] || fail "counted: $(actorraid status --json)"
[ "$(counted maxMicroseconds)" -ge "$(counted p99Microseconds)" ] && [ "$(counted p99Microseconds)" -ge "$(counted p50Microseconds)" ] && [ "$(counted p50Microseconds)" -gt 0 ] ||
    fail "counted: $(actorraid status --json)"
say "200 bursts of writes: no line in the journal; writers waited $(counted p50Microseconds), $(counted p99Microseconds), $(counted maxMicroseconds) us (p50, p99, max)"
# The daemon's own memory, which has no journal to help it.
remembered() { python3 -c 'import json, socket, sys
with socket.socket(socket.AF_UNIX) as client:
    client.connect("/run/actorraid/control.sock")
    client.sendall(b"{\"version\":1,\"ask\":\"events\"%s}\n" % sys.argv[1].encode())
    for event in json.loads(client.makefile().readline())["events"]: print(event["kind"], event["level"])' "$1"; }
remembered "" >/out/remembered
[ "$(grep -c "array-state debug" /out/remembered)" -ge 400 ] || fail "the daemon remembers $(sort /out/remembered | uniq -c)"
for kind in container-supervised array-supervised leg-failed recovery-started array-whole; do has /out/remembered "$kind " || fail "$kind is not remembered"; done
actorraid events >/out/events.default
has /out/events.default leg-failed && not grep -qE "checkpoint:|metadata-written" /out/events.default && [ "$(wc -l </out/events.default)" = "$shown" ] ||
    fail "by default, $shown lines before: $(tail -n 20 /out/events.default)"
[ "$(actorraid events --level warning -n 1 loop1 | grep -c leg-failed)" = 1 ] || fail "events of loop1: $(actorraid events --level warning -n 1 loop1)"
has <(actorraid events --level debug "$array") write-pending || fail "events --level debug: $(actorraid events --level debug "$array" | tail -n 5)"

echo 0.05 >"$(attribute vol0 safe_mode_delay)"
median 20
running=$REPLY
echo '{ "logLevel": "debug" }' >"$ACTORRAID_CONFIG"
quietly actorraid reload
kill -STOP "$journald"
# Each transition is at least two events, and the socket's queue takes so many and one.
queue=$(cat /proc/sys/net/unix/max_dgram_qlen)
median $((queue + 30))
say "a write takes $running ms with journald, $REPLY ms while it takes nothing"
stopped=$REPLY
kill -CONT "$journald"
transition
lost() { journal /out/journal.json; grep -q ACTORRAID_LOST /out/journal.json; }
expect 30 lost
say "lost meanwhile: $(journalctl -o json SYSLOG_IDENTIFIER=actorraid | sed -n 's/.*"ACTORRAID_LOST":"\([0-9]*\)".*/\1/p' | tr '\n' ' ')"
# The log tries for 500 ms to be rid of an event: that long each write would take.
[ "$stopped" -lt $((running + 250)) ] || fail "a write takes $stopped ms while journald is stopped ($running ms before)"

kill -9 "$journald"
expect 10 ended "$journald"
median 10
say "a write takes $REPLY ms without journald"
[ "$REPLY" -lt $((running + 250)) ] || fail "a write takes $REPLY ms without journald ($running ms with it)"
/lib/systemd/systemd-journald >>/out/journald 2>&1 &
journald=$!
heard() { journalctl --sync; }
expect 30 heard
stop_all
expect 10 told container-left 6 "CONTAINER=$container"
say "and one that was started again hears the rest"
kill "$journald"

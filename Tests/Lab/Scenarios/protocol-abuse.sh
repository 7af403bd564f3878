#!/bin/bash
# CLIENTS broken clients (1,000 if not given) of the monitor's socket while a volume goes from clean to dirty and back: every
# write goes through, the supervisor stays the same process, and a right client is served in the end.
. "$LAB/guest-lib.sh"

disks 4 48M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
rest vol0
home=$(container_of vol0)
pid=$(supervisor "$home")
echo 0.05 >"$(attribute vol0 safe_mode_delay)"
python3 clients.py "/run/mdadm/$home.sock" "${CLIENTS:-1000}" "$RANDOM_SEED" >/out/clients.log 2>&1 &
clients=$!
transitions=0 worst=0
while kill -0 "$clients" 2>/dev/null; do
    before=$(now_ms)
    dd if="$DATA/vol0" of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none
    took=$(($(now_ms) - before))
    [ "$took" -le "$worst" ] || worst=$took
    transitions=$((transitions + 1))
    expect 30 volume_is vol0 clean
done
wait "$clients" || fail "clients.py: $(tail -n 3 /out/clients.log)"
say "$transitions transitions meanwhile, the worst write took $worst ms"
[ "$worst" -lt 10000 ] || fail "a write took $worst ms"
[ "$(supervisor "$home")" = "$pid" ] && kill -0 "$pid" || fail "the supervisor is no longer process $pid"

# It still does its work: a disk fails and is rebuilt, mdadm's own updates are taken.
fail_disk vol0 "${DISKS[1]}"
expect 60 that vol0 sync_action recover idle
expect 60 degraded vol0 0
rest vol0
consistent vol0
intact vol0
stop_all

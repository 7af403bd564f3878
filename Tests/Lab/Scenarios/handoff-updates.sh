#!/bin/bash
# While one handoff follows the other, mdadm creates a second volume, removes it again (ROUNDS times, 3 if not given), and then grows the first one by a
# disk: every update is applied once, and the data is the same.
. "$LAB/guest-lib.sh"

disks 4 64M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 16M "${DISKS[@]:0:3}"
settle
rest vol0
fill vol0
home=$(container_of vol0)

# Handoffs without an end, until /disks/stop is there.
echo 0 >/out/handoffs
(
    trap - ERR
    set +e
    count=0
    while [ ! -e /disks/stop ]; do
        actorraid supervise --takeover || { echo "handoff $count ended with status $?" >/out/handoffs.failed; exit 1; }
        count=$((count + 1))
        echo $count >/out/handoffs
        pause 0.2
    done
) >/out/handoffs.log 2>&1 &
handing=$!

# names: REPLY is the names of the volumes, by every disk's metadata; they must agree
names() {
    local disk all=
    REPLY=
    for disk in "${DISKS[@]:0:3}"; do
        all=$(mdadm -E "$disk" | sed -n 's/^\[\(.*\)\]:$/\1/p' | tr '\n' ' ')
        [ "$disk" = "${DISKS[0]}" ] || [ "$all" = "$REPLY" ] || return 1
        REPLY=$all
    done
}
named() { names && [ "$REPLY" = "$1" ]; }

for round in $(seq 1 "${ROUNDS:-3}"); do
    quietly mdadm -CR "/dev/md/more$round" -l 5 -n 3 -z 8M "${DISKS[@]:0:3}"
    settle
    expect 30 named "vol0 more$round "
    rest "more$round"
    stop_volume "more$round"
    quietly mdadm --kill-subarray=1 "/dev/$home"
    expect 30 named "vol0 "
    say "round $round: created and removed, $(cat /out/handoffs) handoffs by now"
    [ ! -e /out/handoffs.failed ] || fail "$(cat /out/handoffs.failed): $(cat /out/handoffs.log)"
done

before=$(cat /out/handoffs)
echo 1000 >"$(attribute vol0 sync_speed_max)"
quietly mdadm --grow "/dev/$home" --raid-devices=4
expect 60 that vol0 raid_disks 4
expect 240 that vol0 sync_action idle
expect 60 that vol0 reshape_position none
expect 60 recorded_everywhere vol0 Slots "[UUUU]" "${DISKS[@]}"
expect 60 recorded_everywhere vol0 "Migrate State" idle "${DISKS[@]}"
say "grown to 4 legs in $(($(cat /out/handoffs) - before)) handoffs"
: >/disks/stop
wait "$handing" || fail "$(cat /out/handoffs.failed): $(cat /out/handoffs.log)"
rest vol0
intact vol0
consistent vol0
applied=$(grep -c "update-applied" "$ACTORRAID_LOG") refused=$(grep -c "update-refused" "$ACTORRAID_LOG" || true)
say "$(cat /out/handoffs) handoffs, $applied updates applied, $refused refused"
[ "$refused" = 0 ] || fail "updates were refused: $(grep update-refused "$ACTORRAID_LOG")"
stop_all

#!/bin/bash
# Handoffs that fail at every step while two containers are written: a successor that dies, stalls, talks nonsense or is of another version, and
# real ones of which one side or the other is killed at random moments (KILLS, 6 if not given). Whoever is left goes on with everything.
. "$LAB/guest-lib.sh"

disks 5 48M
container imsm0 "${DISKS[@]:0:3}"
container imsm1 "${DISKS[@]:3:2}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 20M "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/vol1 -l 1 -n 2 -z 20M "${DISKS[@]:3:2}"
settle
declare -A home
for volume in vol0 vol1; do
    rest $volume
    fill $volume
    echo 0.05 >"$(attribute $volume safe_mode_delay)"
    home[$volume]=$(container_of $volume)
done
mkdir -p /out/loads
loads=()
for volume in vol0 vol1; do
    python3 load.py "/dev/$(md $volume)" "$DATA/$volume" "$RANDOM_SEED" /disks/stop 200 >"/out/loads/$volume" 2>&1 &
    loads+=($!)
done

# goes_on WHAT: both containers are with one living process, mdadm's pings are answered, and writes come through
goes_on() {
    local volume state=0 load
    for volume in vol0 vol1; do
        expect 20 supervised "${home[$volume]}"
        for state in active clean; do expect 20 volume_is $volume $state; done
        python3 ping.py "/run/mdadm/${home[$volume]}.sock" "/run/mdadm/${home[$volume]}.pid" / >/out/ping 2>&1 || fail "$1, $volume: $(cat /out/ping)"
    done
    [ "$(supervisor "${home[vol0]}")" = "$(supervisor "${home[vol1]}")" ] || fail "$1: the containers are with two processes"
    for load in "${loads[@]}"; do kill -0 "$load" || fail "$1: a write load has ended: $(cat /out/loads/*)"; done
}

before=$(supervisor "${home[vol0]}")
attempts=("hello version" "hello die" "take die" "prepared die" "mine die" "second die" "take stall" "prepared stall" "second stall" "take nonsense" "mine nonsense")
[ -z "${ONLY:-}" ] || attempts=("$ONLY")
for attempt in "${attempts[@]}"; do
    # shellcheck disable=SC2086
    python3 successor.py /run/actorraid/handoff.sock $attempt >/out/successor 2>&1 && status=0 || status=$?
    case $attempt in
        "mine nonsense") ;; # Told so, or killed before it could read that.
        *die | "prepared stall" | "second stall") [ $status -gt 128 ] || fail "$attempt: the successor ended with status $status: $(cat /out/successor)" ;;
        *) [ $status = 0 ] || fail "$attempt: the successor ended with status $status: $(cat /out/successor)" ;;
    esac
    goes_on "$attempt"
    [ "$(supervisor "${home[vol0]}")" = "$before" ] || fail "$attempt: process $before has lost its containers"
    say "$attempt: $(tail -n 1 /out/successor)"
done

# handing_over: REPLY is the successor's process number as soon as the predecessor has begun to hand over
handing_over() {
    local line
    line=$(tail -n "+$((lines + 1))" "$ACTORRAID_LOG" | grep -o 'handoff - process [0-9]*, version' || true)
    line=${line#*process }
    REPLY=${line%%,*}
    [ -n "$REPLY" ]
}
for round in $(seq 1 "${KILLS:-6}"); do
    before=$(supervisor "${home[vol0]}")
    lines=$(wc -l <"$ACTORRAID_LOG")
    actorraid supervise --takeover >/out/takeover 2>&1 &
    takeover=$!
    expect 30 handing_over
    successor=$REPLY
    pause "$(printf '0.%03d' "$(random 0 120)")"
    if [ $((round % 2)) = 1 ]; then victim=$successor what=successor; else victim=$before what=predecessor; fi
    over=$(tail -n "+$((lines + 1))" "$ACTORRAID_LOG" | grep -c "handed-over -" || true)
    if [ "$over" = 0 ]; then kill -9 "$victim" 2>/dev/null || what="nobody, the $what was gone"; else what="nobody, it was over"; fi
    wait "$takeover" && status=0 || status=$?
    case $what in nobody*) ;; *) expect 20 ended "$victim" ;; esac
    # A successor that died in the very moment after the last step leaves nobody.
    if [ "$what" = successor ] && has "$ACTORRAID_LOG" "handed-over - process $successor "; then
        supervisor_start imsm0 imsm1
        what="successor, when it was alone"
    fi
    goes_on "round $round, killed: $what"
    now=$(supervisor "${home[vol0]}")
    case $what in
        successor) [ "$now" = "$before" ] || fail "round $round: successor killed, but process $now has the containers" ;;
        predecessor) [ "$now" = "$successor" ] || fail "round $round: predecessor killed, but process $now has the containers" ;;
    esac
    say "round $round: killed $what; takeover ended with status $status $(cat /out/takeover)"
done

before=$(supervisor "${home[vol0]}")
quietly actorraid supervise --takeover
[ "$(supervisor "${home[vol0]}")" != "$before" ] || fail "after all that no handoff is possible any more"
: >/disks/stop
for load in "${loads[@]}"; do wait "$load" || fail "the write load failed: $(cat /out/loads/*)"; done
say "$(tail -qn 1 /out/loads/*)"
for volume in vol0 vol1; do
    rest $volume
    consistent $volume
    intact $volume
    expect 30 recorded_everywhere $volume "Dirty State" clean $(legs $volume)
done
stop_all

#!/bin/bash
# A reshape is interrupted at about 25, 50 and 75 % and goes on each time from where it had come to; the data is the same.
# WHAT=grow (RAID5 of three disks becomes one of four), grow0 (RAID0 likewise) or chunk (RAID5: 64 KiB become 256). WAY=stop: stopped and assembled, which
# takes it up again. WAY=kill: the supervisor is killed and started again. WAY=mdadm: the mdadm that guards the reshape is killed, and
# another one told to continue. WAY=cut: the power goes at POINT; one life of a guest, its disks outlive it (FIRST=1 makes the
# container, the last one has POINT=end).
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

case $WHAT in
    grow) level=5 legs=4 chunk=64 ;;
    grow0) level=0 legs=4 chunk=64 ;;
    chunk) level=5 legs=3 chunk=256 ;;
    *) fail "WHAT is grow, grow0 or chunk, not $WHAT" ;;
esac
if [ "$WAY" = cut ]; then
    DATA=/out/data
    mkdir -p "$DATA"
    DISKS=("$DISK"{a,b,c,d})
    DISKS=("${DISKS[@]:0:legs}")
    for i in "${!DISKS[@]}"; do [ -e "${DISKS[i]}" ] || mknod "${DISKS[i]}" b 98 $((i * 16)); done
else
    FIRST=1
    disks "$legs" 48M
fi

# went_on PERCENT: the reshape is well behind that, or at its end
went_on() { reached vol0 $(($1 + 8)) || not reshaping vol0; }

# runs NAME: there is a process of that name
runs() { grep -qsx "$1" /proc/[0-9]*/comm; }

# guard: REPLY is the pid of the mdadm that guards the reshape
guard() {
    REPLY=$(grep -lsx mdadm /proc/[0-9]*/comm | head -n 1)
    REPLY=${REPLY#/proc/} REPLY=${REPLY%/comm}
}

# take_up: assembled, by which mdadm goes on with the reshape; it stays in the background and keeps its output open
take_up() {
    mdadm -A /dev/md/imsm0 "${DISKS[@]}" >/out/assemble 2>&1 || fail "mdadm -A (status $?): $(cat /out/assemble)"
    mdadm -I "/dev/$(md imsm0)" >>/out/assemble 2>&1 || fail "mdadm -I (status $?): $(cat /out/assemble)"
    settle
    expect 30 md vol0
}

# continue_reshape: mdadm takes up a reshape that nobody guards, and stays until it is through
continue_reshape() {
    mdadm --grow --continue "/dev/$(md vol0)" >/out/continue 2>&1 &
    continuing=$!
    expect 10 runs mdadm
}

# continued_or_not WAS: mdadm has let md go on from there (it writes sync_max), or has given up
continued_or_not() { not that vol0 sync_max "$1" || ended "$continuing"; }

# goes_on_from PERCENT: it is not begun anew, and moves
goes_on_from() {
    local here
    expect 60 reshaping vol0
    expect 60 reached vol0 1
    completed vol0
    here=$REPLY
    say "the reshape goes on from $here %"
    [ "$here" -ge "$1" ] || fail "the reshape began again at $here %, expected at least $1 %"
}

if [ "$FIRST" = 1 ]; then
    container imsm0 "${DISKS[@]:0:3}"
    quietly mdadm -CR /dev/md/vol0 -l $level -n 3 -z 16M -c 64 "${DISKS[@]:0:3}"
    settle
    rest vol0
    fill vol0
    rest vol0
    volume_bytes vol0 >/out/bytes
    for disk in "${DISKS[@]:3}"; do quietly mdadm --add "/dev/$(container_of vol0)" "$disk"; done
    settle
    set_pace 600
    if [ "$legs" = 4 ]; then grow "/dev/$(container_of vol0)" --raid-devices=4; else grow "/dev/$(md vol0)" --chunk=256; fi
    expect 60 reshaping vol0
else
    set_pace 600
    take_up
    goes_on_from "$(cat /out/reached)"
fi

for point in $([ "$WAY" = cut ] && echo "$POINT" || echo 25 50 75); do
    [ "$point" != end ] || break
    expect 120 reached vol0 "$point"
    completed vol0
    say "interrupted at $REPLY %"
    case $WAY in
        cut)
            echo $((point - 10)) >/out/reached
            sync
            : >/out/cut
            pause 60
            fail "the power did not go" ;;
        kill)
            home=$(container_of vol0)
            supervisor_kill "$home"
            pause 0.7
            supervisor_start "$home"
            # mdadm may have died of the broken connection, or given up.
            pause 1
            if reshaping vol0 && not runs mdadm; then
                say "mdadm has gone as well"
                continue_reshape
            fi
            expect 60 went_on "$point" ;;
        mdadm)
            before=$REPLY
            guard
            kill -9 "$REPLY"
            expect 10 not runs mdadm
            always 3 reshaping vol0 # it stands still, and nobody takes it for ended
            limit=$(get vol0 sync_max)
            continue_reshape
            expect 60 continued_or_not "$limit"
            if that vol0 sync_max "$limit"; then
                # mdadm 4.2 gives up, whoever the supervisor is, when md has come further than the migration record: it was killed
                # between the two. Assembling begins again at the record.
                say "mdadm --grow --continue gives up ($(cat /out/continue)): stopped and assembled"
                stop_all
                take_up
                goes_on_from $((before - 10))
            fi
            expect 60 went_on "$point" ;;
        stop)
            before=$REPLY
            # First the mdadm that guards the reshape, as systemd does at shutdown: it gives up in order. Stopped under its hands, the
            # array can take the kernel down with it (6.1: sync_action written to an array that has just been stopped).
            if runs mdadm; then guard; kill "$REPLY"; expect 20 not runs mdadm; fi
            stop_all
            take_up
            goes_on_from $((before - 10)) ;;
        *) fail "WAY is stop, kill, mdadm or cut, not $WAY" ;;
    esac
done

set_pace 400000
expect 120 quiet vol0
rest vol0
bytes=$(cat /out/bytes)
bytes=$((bytes / $(data_legs $level 3) * $(data_legs $level "$legs")))
expect 30 test "$(volume_bytes vol0)" = "$bytes"
has_shape vol0 $level "$legs" "$chunk" "$bytes" "${DISKS[@]}"
intact vol0
[ "$level" = 0 ] || consistent vol0
rest vol0
dump after
say "reshaped, intact, consistent"
stop_all
assemble imsm0 "${DISKS[@]}"
expect 30 md vol0
intact vol0
has_shape vol0 $level "$legs" "$chunk" "$bytes" "${DISKS[@]}"
rest vol0
dump assembled
say "stopped, assembled, intact"
stop_all

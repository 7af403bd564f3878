# For scenarios that make states of states.table (sourced after guest-lib.sh).

# state NAME [WHAT=NAME]...: what is said now is what the table has of that state; then, what comes belongs to the next
# one
state() {
    local name=$1
    shift
    python3 states.py "$name" container="${home:-}" $([ ! -e /out/hooks ] || echo "hooks=$HOOKS_BEFORE") events="$EVENTS_BEFORE" ${GATEWAY:+gateway=$GATEWAY} "$@" >/out/state.txt 2>&1 ||
        wrong_state
    say "$(cat /out/state.txt)"
    EVENTS_BEFORE=$(cat /out/state.events 2>/dev/null || echo 0)
    [ ! -e /out/hooks ] || HOOKS_BEFORE=$(wc -l </out/hooks)
}
HOOKS_BEFORE=0 EVENTS_BEFORE=0

# wrong_state: what is said is not what the table has; with GO_ON=1 (for whoever writes rows) the script goes on, and
# tells them all
wrong_state() {
    [ -n "${GO_ON:-}" ] || fail "$(cat /out/state.txt)"
    echo "WRONG"
}

# gateway_on: the gateway serves, which `state` asks from now on
gateway_on() {
    local program=/lab/published/gateway/actorraid-gateway
    [ -x "$program" ] || fail "$program is not there: deploy/publish makes it"
    echo '{ "listen": ["127.0.0.1:9747"] }' >/tmp/gateway.json
    "$program" gateway --config /tmp/gateway.json >/out/gateway.log 2>&1 &
    GATEWAY=$!
}
GATEWAY=

EVENTS=(Fail DegradedArray SpareUsed RebuildStarted RebuildNN RebuildFinished SpareActive NewArray Stalled)

daemon_on() {
    actorraid supervise --all --foreground 2>>/out/service.log &
    daemon=$!
    expect 30 test -S /run/actorraid/control.sock
    EVENTS_BEFORE=0 # a new daemon counts anew
}
daemon_off() { kill -9 "$daemon"; expect 10 ended "$daemon"; }

# freeze THREAD [DEVICE]: the daemon's thread of that name stands still, or waits in the kernel for that device; the
# others run on
freeze() {
    python3 freeze.py "$daemon" "$1" /out/frozen ${2:+"$2"} &
    freezer=$!
    expect 10 test -e /out/frozen
}
thaw() { rm /out/frozen; expect 10 ended "$freezer"; }

# spare_descriptors PID COUNT: so many numbers are free below the limit that the process has from now on
spare_descriptors() {
    local number=0 free=0
    while [ -e "/proc/$1/fd/$number" ] || [ "$free" -lt "$2" ]; do
        [ -e "/proc/$1/fd/$number" ] || free=$((free + 1))
        number=$((number + 1))
    done
    prlimit --pid "$1" --nofile="$number:4096"
}

# tail_of NUMBER linear | error | refuse | delay MILLISECONDS: how the last sectors of a disk answer, in which its
# metadata lies (refuse: with an error to writes; delay: to writes so late)
tail_of() {
    local loop=${LOOPS[$1]} end target=$2
    end=$(($(blockdev --getsz "$loop") - 4096))
    case $2 in
        linear) target="linear $loop $end" ;;
        refuse) target="flakey $loop $end 0 1 1 error_writes" ;;
        delay) target="delay $loop $end 0 $loop $end $3" ;;
    esac
    printf '0 %s linear %s 0\n%s 4096 %s\n' "$end" "$loop" "$end" "$target" | maps "$1"
}

# late_front NUMBER MILLISECONDS: the first 2 MiB of a disk, in which the beginning of its first volume lies, take
# writes so late
late_front() {
    local loop=${LOOPS[$1]}
    printf '0 4096 delay %s 0 0 %s 0 %s\n4096 %s linear %s 4096\n' "$loop" "$loop" "$2" $(($(blockdev --getsz "$loop") - 4096)) "$loop" |
        maps "$1"
}

name() { basename "$1"; }
write() { dd if=/dev/zero of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none; }

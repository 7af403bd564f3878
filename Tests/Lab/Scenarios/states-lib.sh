# For scenarios that make states of states.table (sourced after guest-lib.sh).

# state NAME [WHAT=NAME]...: what is told now is what the table has of that state; then, what comes belongs to the next one
state() {
    local name=$1
    shift
    python3 states.py "$name" container="${home:-}" $([ ! -e /out/hooks ] || echo "hooks=$HOOKS_BEFORE") events="$EVENTS_BEFORE" ${GATEWAY:+gateway=$GATEWAY} "$@" >/out/state.txt 2>&1 ||
        wrong_state
    say "$(cat /out/state.txt)"
    EVENTS_BEFORE=$(cat /out/state.events)
    [ ! -e /out/hooks ] || HOOKS_BEFORE=$(wc -l </out/hooks)
}
HOOKS_BEFORE=0 EVENTS_BEFORE=0

# wrong_state: what is told is not what the table has; with GO_ON=1 (for whoever writes rows) the script goes on, and tells them all
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

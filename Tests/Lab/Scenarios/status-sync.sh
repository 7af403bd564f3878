#!/bin/bash
# A resync, a check and a reshape are shown as what they are while they go on, with how far they have come and how long
# they will take: by status (and its exit status), --watch, --json and explain.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh
. ./states-lib.sh

# tells ACTION STATUS FIRSTLINE SENTENCE
tells() {
    local got=0 json
    actorraid status >"/out/status.$1" || got=$?
    [ "$got" = "$2" ] && [[ $(head -n 1 "/out/status.$1") == $3 ]] || fail "during $1, status ended with $got and said: $(cat "/out/status.$1")"
    expect 10 terminal_shows "* $1 \[#*.\] * %, */s, * left*"
    actorraid status --json vol0 >"/out/status.$1.json" || [ $? = "$2" ]
    json=$(python3 -c 'import json, sys
array = json.load(sys.stdin)["containers"][0]["arrays"][0]
print(array["action"], array["progress"]["doneSectors"] > 0, array["progress"]["secondsLeft"] > 0)' <"/out/status.$1.json")
    [ "$json" = "$1 True True" ] || fail "--json says of the $1: $json"
    actorraid explain vol0 >"/out/explain.$1"
    has "/out/explain.$1" "$4" || fail "during $1, explain says: $(cat "/out/explain.$1")"
    say "$(head -n 1 "/out/status.$1")"
}

disks 4 64M
container imsm0 "${DISKS[@]}"
set_pace 500
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 24M -c 64 "${DISKS[@]:0:3}"
settle
in_terminal "actorraid status --watch"
expect 60 reached vol0 10
tells resync 1 "REBUILDING $(md vol0) *" "A resync makes parity or copies agree"
set_pace 400000
rest vol0
fill vol0
rest vol0

set_pace 500
echo check >"$(attribute vol0 sync_action)"
expect 60 reached vol0 10
tells check 0 "OK: 1 container, 1 array*" "A check reads everything and compares"
set_pace 400000
rest vol0

set_pace 500
grow "/dev/$(container_of vol0)" --raid-devices=4
expect 60 reshaping vol0
expect 60 reached vol0 10
tells reshape 1 "REBUILDING $(md vol0) *" "A reshape moves the data into another shape"
home=$(container_of vol0)
EVENTS_BEFORE=0
state volume-reshape array="$(md vol0)" volume=vol0
set_pace 400000
expect 120 quiet vol0
intact vol0
tmux -L lab kill-server
stop_all

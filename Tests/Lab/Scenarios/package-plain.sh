#!/bin/bash
# A machine without systemd: the package is installed while a volume of mdmon's is written, upgraded, and removed. No write fails.
# /out has the packages: first.deb, and second.deb, newer.
. "$LAB/guest-lib.sh"
[ ! -d /run/systemd/system ] || fail "systemd runs here"

disks 3 48M
container imsm0 "${DISKS[@]}"
volume vol0 5 3 16M imsm0
rest vol0
fill vol0
home=$(container_of vol0)
theirs=$(supervisor "$home")
has "/proc/$theirs/comm" mdmon || fail "the distribution's mdmon is not what begins: $(cat "/proc/$theirs/comm")"
echo 0.05 >"$(attribute vol0 safe_mode_delay)"
python3 load.py "/dev/$(md vol0)" "$DATA/vol0" "$RANDOM_SEED" /disks/stop 500 >/out/load.log 2>&1 &
load=$!

# with PROGRAM: the container's supervisor is this one
with() { [ "$(readlink "/proc/$(supervisor "$home")/exe")" = "$1" ]; }

# Whom a shutdown is not to kill: there with Debian's initscripts.
omitted=/run/sendsigs.omit.d/actorraid
mkdir -p "${omitted%/*}"

quietly dpkg -i /out/first.deb
expect 30 with /usr/lib/actorraid/actorraid
expect 10 ended "$theirs"
first=$(supervisor "$home")
expect 10 is $omitted "$first"
quietly actorraid status
say "installed: pid $first, $(actorraid status | head -n 1)"

quietly dpkg -i /out/second.deb
expect 30 not supervised_by "$home" "$first"
expect 10 ended "$first"
with /usr/lib/actorraid/actorraid || fail "after the upgrade $home is with $(readlink "/proc/$(supervisor "$home")/exe")"
second=$(supervisor "$home")
expect 10 is $omitted "$second"
say "upgraded: pid $second"

quietly dpkg -r actorraid
expect 30 not supervised_by "$home" "$second"
expect 30 ended "$second"
[ ! -e $omitted ] || fail "$omitted is still there"
[[ $(readlink "/proc/$(supervisor "$home")/exe") == */sbin/mdmon ]] || fail "after the removal $home is with $(readlink "/proc/$(supervisor "$home")/exe")"
[ ! -e /sbin/mdmon.distrib ] || fail "mdadm's mdmon is still diverted"
say "removed: pid $(supervisor "$home") is mdadm's mdmon"

: >/disks/stop
wait $load || fail "a write failed: $(tail -n 3 /out/load.log)"
say "$(tail -n 1 /out/load.log)"
found_ended /out/load.log
rest vol0
consistent vol0
intact vol0
stop_all

#!/bin/bash
# The daemon under systemd itself (a user's manager, which needs no machine of its own): started, shown, reloaded; and when a container's
# thread is stuck in the program, the watchdog ends the process and the next one lets the writer go.
. "$LAB/guest-lib.sh"

mountpoint -q /sys/fs/cgroup && umount /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
export XDG_RUNTIME_DIR=/run/user/0 ACTORRAID_CONFIG=/out/actorraid.json
mkdir -p /run/systemd/system /run/user/0/systemd/user # the first makes systemd believe that it is at home here
cat >/run/user/0/systemd/user/actorraid.service <<UNIT
[Service]
Type=notify
ExecStart=/usr/local/sbin/actorraid supervise --all --foreground
ExecReload=/usr/local/sbin/actorraid reload
PassEnvironment=ACTORRAID_LOG ACTORRAID_CONFIG IMSM_NO_PLATFORM IMSM_DEVNAME_AS_SERIAL
WatchdogSec=6
WatchdogSignal=SIGKILL
Restart=on-failure
RestartSec=100ms
UNIT
SYSTEMD_LOG_TARGET=console /lib/systemd/systemd --user --unit=basic.target </dev/null >/out/systemd.log 2>&1 &
expect 20 test -S /run/user/0/systemd/private

# service COMMAND...: systemctl's
service() { systemctl --user "$@" actorraid.service; }
# property NAME VALUE: the service's property is that
property() { [ "$(service show --value --property="$1")" = "$2" ]; }
# replaced PID: another process is up in the place of that one
replaced() { property ActiveState active && ! property MainPID "$1"; }

quietly service start
disks 3 48M
container imsm0 "${DISKS[@]}"
volume vol0 5 3 16M imsm0
rest vol0
home=$(md imsm0)
first=$(service show --value --property=MainPID)
[ "$(supervisor imsm0)" = "$first" ] || fail "$home is supervised by $(supervisor imsm0), not by the service, $first"
expect 10 property StatusText "1 container, 1 array"
quietly service reload
echo '{ "what": 1 }' >"$ACTORRAID_CONFIG"
if service reload >/out/reload 2>&1; then fail "systemctl reload of a file that is not in order has the status 0"; fi
property MainPID "$first" || fail "a reload has ended the service"
rm "$ACTORRAID_CONFIG"
say "started, shown, reloaded"

python3 freeze.py "$first" "$home" /out/frozen &
expect 10 test -e /out/frozen
dd if=/dev/urandom of="/dev/$(md vol0)" bs=4k count=1 oflag=direct conv=notrunc status=none &
writer=$!
expect 10 property StatusText "1 container, 1 array; $home is stuck"
! ended "$writer" || fail "a write has ended although the array's thread stands still"
expect 20 ended "$first"
say "the watchdog has ended it"
expect 20 ended "$writer"
wait "$writer" || fail "the write failed"
say "the next process has let the writer go"
expect 20 replaced "$first"
property NRestarts 1 || fail "the service was started again $(service show --value --property=NRestarts) times"
expect 10 property StatusText "1 container, 1 array"
expect 60 volume_is vol0 clean
quietly service stop
property Result success || fail "the service has stopped with $(service show --value --property=Result)"
supervisor_start imsm0
stop_all

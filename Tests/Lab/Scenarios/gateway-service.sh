#!/bin/bash
# With systemd (lab -s): the package's gateway is off until it is enabled; it runs as its own user without any right, hears the daemon, serves on
# loopback, stays enabled over an upgrade, and is the newer program after it. /lab/published has the packages: first.deb, and second.deb, newer.
# Disks: /dev/ubda to /dev/ubdd, 48 MiB each.
. "$LAB/guest-lib.sh"
DISKS=(/dev/ubda /dev/ubdb /dev/ubdc /dev/ubdd)
unit=actorraid-gateway.service

# got PATH: what is served there, with its head
got() { { exec 3<>/dev/tcp/127.0.0.1/9747 && printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3 && cat <&3; } 2>/dev/null; }
# serves PATH TEXT
serves() { got "$1" | grep -qF -- "$2"; }
process() { systemctl show --property=MainPID --value "$unit"; }
# status_is NAME VALUE: a line of the process's /proc/PID/status
status_is() { grep -qx "$1:[[:space:]]*$2[[:space:]]*" "/proc/$(process)/status" || fail "$1 is not $2: $(grep "^$1:" "/proc/$(process)/status")"; }

quietly dpkg -i /lab/published/first.deb
[ "$(systemctl is-enabled "$unit")" = disabled ] || fail "installed, and $unit is $(systemctl is-enabled "$unit")"
[ "$(systemctl is-active "$unit")" = inactive ] || fail "installed, and $unit is $(systemctl is-active "$unit")"
say "installed: the gateway is off"

container imsm0 "${DISKS[@]}"
volume vol0 5 4 16M imsm0
rest vol0
actorraid gateway --check | grep -q "plain HTTP at 127.0.0.1:9747" || fail "the configuration that comes with the package is not in order"
quietly systemctl enable --now "$unit"
expect 30 serves /healthz ok
expect 30 serves /v1/status/vol0 '"health":"ok"'
serves /metrics "actorraid_array_disks{array=\"$(md vol0)\",container=\"$(container_of vol0)\",state=\"active\"} 4" || fail "no metrics: $(got /metrics)"
serves / "<title>ActorRaid</title>" || fail "no page"
user=$(id -u actorraid-gateway)
status_is Uid "$user[[:space:]]*$user[[:space:]]*$user[[:space:]]*$user"
status_is CapEff 0000000000000000
status_is CapBnd 0000000000000000
status_is NoNewPrivs 1
status_is Seccomp 2
say "enabled: it serves, as user $user, without capabilities"

before=$(process)
quietly dpkg -i /lab/published/second.deb
[ "$(systemctl is-enabled "$unit")" = enabled ] || fail "upgraded, and $unit is $(systemctl is-enabled "$unit")"
expect 30 serves /v1/status/vol0 '"health":"ok"'
[ "$(process)" != "$before" ] || fail "upgraded, and the gateway is the old program"
say "upgraded: it serves again, as process $(process) in place of $before"
quietly dpkg --remove actorraid
[ ! -e "/proc/$(process)/exe" ] || fail "removed, and the gateway runs on"
say "THE END: removed with the package"

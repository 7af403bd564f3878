#!/bin/bash
# With systemd (lab -s): the package is installed while arrays of mdmon's are mounted and written, used by mdadm, upgraded, taken
# through a reboot, and removed, all the time under load. /lab/published has the packages: first.deb, and second.deb, newer.
# Disks: /dev/ubda to /dev/ubdd, 48 MiB each.
. "$LAB/guest-lib.sh"
DISKS=(/dev/ubda /dev/ubdb /dev/ubdc /dev/ubdd)
FILES=/var/lib/files

# The load: small durable writes into a file on the array, each with its end noted, as fast as it goes.
load_begin() {
    while dd if=/dev/urandom of="$FILES/load" bs=16k count=1 conv=fsync,notrunc status=none; do echo "$EPOCHREALTIME" >>/run/load; pause 0.3; done &
    LOAD=$!
    expect 20 test -s /run/load
}
# load_end WHAT: it has not failed; says how long the longest wait for a write was
load_end() {
    kill -0 "$LOAD" || fail "$1: a write failed"
    kill "$LOAD"
    wait "$LOAD" || true
    local last='' time longest=0
    while read -r time; do
        time=${time/./}
        [ -z "$last" ] || [ $((time - last)) -le "$longest" ] || longest=$((time - last))
        last=$time
    done </run/load
    rm /run/load
    say "$1: longest time between two writes $((longest / 1000)) ms (300 ms of them a pause)"
    [ "$longest" -lt 20000000 ] || fail "$1: a write waited for more than 20 s"
}
# owner FILE: who is behind a program's name
owner() { readlink -f "$1"; }
keep() { sha256sum "$FILES/kept" | cut -c 1-64; }

if [ "$BOOT" = 1 ]; then
    container imsm0 "${DISKS[@]}"
    volume vol0 5 4 16M imsm0
    rest vol0
    home=$(container_of vol0)
    before=$(supervisor "$home")
    has "/proc/$before/comm" mdmon || fail "the distribution's mdmon is not what begins: $(cat "/proc/$before/comm")"
    mkfs.ext4 -q "/dev/$(md vol0)"
    mkdir "$FILES"
    # Names that survive a reboot, and a file system that is mounted at boot.
    mdadm --detail --scan >>/etc/mdadm/mdadm.conf
    echo "UUID=$(blkid -s UUID -o value "/dev/$(md vol0)") $FILES ext4 nofail 0 0" >>/etc/fstab
    systemctl daemon-reload
    mount "$FILES"
    head -c 8M /dev/urandom >"$FILES/kept"
    keep >/var/lib/kept
    say "arrays are there under mdmon, pid $before"

    # Short, so that the test sees who feeds it.
    mkdir -p /run/systemd/system/actorraid.service.d
    printf '[Service]\nWatchdogSec=8\n' >/run/systemd/system/actorraid.service.d/watchdog.conf
    load_begin
    quietly dpkg -i /lab/published/first.deb
    expect 30 ended "$before"
    expect 10 by_service "$home"
    load_end "installed"
    [ "$(owner /sbin/mdmon)" = /usr/lib/actorraid/actorraid ] || fail "/sbin/mdmon is $(owner /sbin/mdmon)"
    cmp -s /sbin/mdmon.distrib "$(owner /sbin/mdmon)" && fail "mdadm's mdmon is not where it was diverted to"
    first=$(supervisor "$home")
    [[ $(tr '\0' ' ' <"/proc/$first/cmdline") == @* ]] || fail "nothing spares it at shutdown: $(tr '\0' ' ' <"/proc/$first/cmdline")"
    [ "$(cat "/proc/$first/oom_score_adj")" = -1000 ] || fail "the service may be killed for want of memory"
    quietly systemd-analyze verify --man=no /usr/lib/systemd/system/actorraid.service mdmon@md127.service
    if systemctl stop actorraid.service 2>/out/stop; then fail "systemctl stop was not refused"; fi
    by_service "$home" || fail "systemctl stop was refused, but has done something"
    say "installed: pid $first; dpkg: $(dpkg-query -W -f '${Version} ${db:Status-Status}' actorraid)"

    # On all disks: a volume of two that starts while another disk has not come yet has mdadm's own mdmon, too, write that
    # disk off for good.
    volume vol1 10 4 8M imsm0
    expect 60 whole vol1
    by_service "$home" || fail "mdadm --create of a second volume brought another supervisor: $(supervisor "$home")"
    systemctl restart "mdmon@$home.service"
    systemctl stop "mdmon@$home.service"
    by_service "$home" || fail "stopping mdmon@$home.service dropped the supervision"
    say "mdadm --create uses it"

    load_begin
    quietly dpkg -i /lab/published/second.deb
    expect 30 ended "$first"
    expect 10 by_service "$home"
    load_end "upgraded"
    second=$(supervisor "$home")
    [ "$(readlink "/proc/$second/exe")" = /usr/lib/actorraid/actorraid ] || fail "what runs is $(readlink "/proc/$second/exe")"
    always 10 supervised_by "$home" "$second"
    by_service "$home" || fail "after the upgrade: $(systemctl status actorraid.service 2>&1)"
    dd if=/dev/urandom of="/dev/$(md vol1)" bs=64k count=1 oflag=direct status=none
    say "upgraded: pid $second; dpkg: $(dpkg-query -W -f '${Version} ${db:Status-Status}' actorraid)"

    # The successor is no child that systemd has started: its end is noticed all the same.
    load_begin
    kill -9 "$second"
    expect 10 ended "$second"
    expect 30 by_service "$home"
    load_end "killed"
    say "killed: started again, pid $(supervisor "$home")"
    load_begin # until the shutdown itself ends it
    next_boot
fi

[ "$BOOT" = 2 ] || fail "boot $BOOT"
# mdadm -I keeps the array open for itself until udev is done with it, and systemd may come in between: then the mount is tried once.
findmnt "$FILES" >/out/mounted || mount "$FILES" || expect 30 findmnt "$FILES" # systemd was at it
findmnt --noheadings "$FILES" >/out/mounted || fail "$FILES is not mounted"
home=$(container_of vol0)
by_service "$home" || fail "after the reboot: $(systemctl status actorraid.service 2>&1)"
for volume in vol0 vol1; do
    expect 30 md "$volume"
    whole "$volume" || fail "$volume is $(get "$volume" sync_action), degraded $(get "$volume" degraded)"
done
was_clean
[ "$(keep)" = "$(cat /var/lib/kept)" ] || fail "the file on the array has changed"
say "rebooted: clean, no resync, $(cat /out/mounted)"

pid=$(supervisor "$home")
load_begin
quietly dpkg -r actorraid
expect 10 ended "$pid"
load_end "removed"
has "/proc/$(supervisor "$home")/comm" mdmon || fail "$(supervisor "$home") is not mdmon"
[ "$(owner /sbin/mdmon)" = /usr/sbin/mdmon ] && [ ! -e /sbin/mdmon.distrib ] || fail "/sbin/mdmon has not come back"
dpkg --verify mdadm >/out/verify || fail "mdadm is not as it was: $(cat /out/verify)"
quietly dpkg -P actorraid
left=$(find /usr /etc /var/lib/systemd /lib/systemd -iname '*actorraid*')
[ -z "$left" ] || fail "left behind: $left"
[ "$(keep)" = "$(cat /var/lib/kept)" ] || fail "the file on the array has changed"
say "removed: mdmon, pid $(supervisor "$home"), has everything again"

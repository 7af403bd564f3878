#!/bin/bash
# The root file system lies on an IMSM volume (root-make.sh), of whose disks one was torn: the initramfs repairs it and starts the
# volume whole, the service takes over from the supervisor of the initramfs, and after the shutdown the volume is clean.
. "$LAB/guest-lib.sh"
DISKS=(/dev/ubda /dev/ubdb)

[ "$(findmnt -no SOURCE /)" = "/dev/$(md vol0)" ] || fail "the root file system is $(findmnt -no SOURCE /)"
home=$(container_of vol0)
expect 30 by_service "$home"
pid=$(supervisor "$home")
[ "$(stat -c %d "/proc/$pid/exe" -L)" = "$(stat -c %d /)" ] || fail "what supervises is not the program of the root file system"
others=0
for line in /proc/[0-9]*/cmdline; do ! grep -qsE '^@?.?dmon' "$line" || [ "$line" = "/proc/$pid/cmdline" ] || others=$((others + 1)); done
[ "$others" = 0 ] || fail "$others other supervisors are alive"
for volume in vol0 vol1; do
    whole $volume || fail "$volume is $(get $volume sync_action), degraded $(get $volume degraded)"
done
for disk in "${DISKS[@]}"; do recorded_like "$disk" - Checksum "*correct" || fail "$disk: $(mdadm -E "$disk" 2>&1)"; done
was_clean
say "boot $BOOT: root on $(md vol0), supervised by pid $pid, whole and clean"
head -c 1M /dev/urandom >/root/written
sync
if [ "$BOOT" = 1 ]; then next_boot; fi

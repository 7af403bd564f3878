#!/bin/bash
# LEVEL (0, 1, 5, 10), SECTOR (512 if not given, or 4096): a volume is created, written, stopped, assembled again: whole, and with
# -I disk by disk, in another order. It keeps its data and its cleanness each time.
. "$LAB/guest-lib.sh"

case $LEVEL in 0 | 1) legs=2 ;; 5) legs=3 ;; 10) legs=4 ;; *) fail "LEVEL is 0, 1, 5 or 10, not $LEVEL" ;; esac
disks "$legs" 64M "${SECTOR:-512}"
container imsm0 "${DISKS[@]}"
volume vol0 "$LEVEL" "$legs" 16M imsm0
rest vol0

not_resyncing() { [ "$LEVEL" = 0 ] || that vol0 sync_action idle || fail "$1: sync_action is $(get vol0 sync_action), expected idle"; }
has_supervisor() { [ "$LEVEL" = 0 ] || expect 20 supervised "$(container_of vol0)"; }

has_supervisor
fill vol0
say "RAID$LEVEL on $legs disks written"
stop_all
for disk in "${DISKS[@]}"; do
    [ "$LEVEL" = 0 ] || recorded "$disk" vol0 "Dirty State" clean || fail "$disk: stopped, but dirty: $(mdadm -E "$disk")"
    recorded "$disk" vol0 "Map State" normal || fail "$disk: map state is $(examined "$disk" vol0 "Map State"), expected normal"
done

assemble imsm0 "${DISKS[@]}"
expect 30 md vol0
has_supervisor
not_resyncing "assembled whole"
intact vol0
fill vol0
say "assembled whole, intact, written again"
stop_all

mapfile -t order < <(for disk in "${DISKS[@]}"; do echo "$(random 0 9999) $disk"; done | sort -n | cut -d ' ' -f 2)
assemble_one_by_one "${order[@]}"
expect 30 md vol0
has_supervisor
not_resyncing "assembled disk by disk (${order[*]})"
intact vol0
fill vol0
rest vol0
[ "$LEVEL" = 0 ] || consistent vol0
intact vol0
say "assembled disk by disk (${order[*]}), intact, written again"
stop_all

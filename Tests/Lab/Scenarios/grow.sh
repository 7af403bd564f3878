#!/bin/bash
# A container with spares grows from FROM to TO disks (mdadm --grow --raid-devices), and with it each of its volumes, one
# after the other. VOLUMES: their levels: 0, 5, 0+0, 0+5, 5+0. Their data can be read all the while, and is the same.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

IFS=+ read -ra levels <<<"$VOLUMES"
chunk=64
disks "$TO" 48M
container imsm0 "${DISKS[@]:0:FROM}"
volumes=()
for level in "${levels[@]}"; do
    volume=vol${#volumes[@]}
    quietly mdadm -CR "/dev/md/$volume" -l "$level" -n "$FROM" -z 8M -c $chunk "${DISKS[@]:0:FROM}"
    settle
    rest "$volume"
    volumes+=("$volume")
done
sizes=()
for volume in "${volumes[@]}"; do
    fill "$volume"
    rest "$volume"
    sizes+=("$(volume_bytes "$volume")")
done
home=$(container_of vol0)
for disk in "${DISKS[@]:FROM}"; do quietly mdadm --add "/dev/$home" "$disk"; done
settle
dump before
say "$VOLUMES on $FROM disks, sizes ${sizes[*]}"

set_pace 1
grow "/dev/$home" --raid-devices="$TO"
expect 60 reshaping vol0
dump during
recorded "${DISKS[0]}" vol0 "Migrate State" "general migration" ||
    fail "vol0 is being reshaped, but its migrate state is $(examined "${DISKS[0]}" vol0 "Migrate State")"
recorded "${DISKS[0]}" vol0 Members "$TO <-- $FROM" ||
    fail "vol0 is being reshaped, but its members are $(examined "${DISKS[0]}" vol0 Members), expected $TO <-- $FROM"
say "vol0 is being reshaped: $(get vol0 sync_completed)"
set_pace 1500
all_quiet() { for volume in "${volumes[@]}"; do quiet "$volume" || return 1; done; }
reads=0
until all_quiet; do
    for i in "${!volumes[@]}"; do readable "${volumes[i]}" "$(data_legs "${levels[i]}" "$TO")"; done
    reads=$((reads + 1))
done
[ "$reads" -gt 0 ] || fail "the reshape was over before anything could be read"
set_pace 400000
say "the reshape is over; it was read $reads times"

for i in "${!volumes[@]}"; do
    volume=${volumes[i]} level=${levels[i]}
    bytes=$((sizes[i] / $(data_legs "$level" "$FROM") * $(data_legs "$level" "$TO")))
    expect 30 test "$(volume_bytes "$volume")" = "$bytes"
    has_shape "$volume" "$level" "$TO" $chunk "$bytes" "${DISKS[@]}"
    intact "$volume"
done
dump after
say "grown to $TO disks, intact"

for i in "${!volumes[@]}"; do
    fill "${volumes[i]}"
    [ "${levels[i]}" = 0 ] || consistent "${volumes[i]}"
done
stop_all
assemble_one_by_one "${DISKS[@]}"
for i in "${!volumes[@]}"; do
    volume=${volumes[i]} level=${levels[i]}
    expect 30 md "$volume"
    bytes=$((sizes[i] / $(data_legs "$level" "$FROM") * $(data_legs "$level" "$TO")))
    has_shape "$volume" "$level" "$TO" $chunk "$bytes" "${DISKS[@]}"
    intact "$volume"
    [ "$level" = 0 ] || that "$volume" sync_action idle || fail "assembled: sync_action of $volume is $(get "$volume" sync_action), expected idle"
done
say "written over its new size, stopped, assembled: intact"
stop_all

#!/bin/bash
# A container of three disks grows to four, and every step of it is recorded: /out/trace has what mdadm wrote to sysfs and said to the
# supervisor (strace), the supervisor's log what that one did. VOLUMES: their levels: 5, 0+0, 0+5. The order is judged by the test.
. "$LAB/guest-lib.sh"
. ./reshape-lib.sh

IFS=+ read -ra levels <<<"$VOLUMES"
disks 4 48M
container imsm0 "${DISKS[@]:0:3}"
volumes=()
for level in "${levels[@]}"; do
    volume=vol${#volumes[@]}
    quietly mdadm -CR "/dev/md/$volume" -l "$level" -n 3 -z 8M -c 64 "${DISKS[@]:0:3}"
    settle
    fill "$volume"
    rest "$volume"
    volumes+=("$volume")
done
home=$(container_of vol0)
quietly mdadm --add "/dev/$home" "${DISKS[3]}"
settle
for volume in "${volumes[@]}"; do echo "$volume $(md "$volume")"; done >/out/volumes
set_pace 400000

# The mdadm that goes on in the background is followed as well, and strace ends with it.
strace -f -y -ttt -s 64 -e trace=write,connect -o /out/trace mdadm --grow "/dev/$home" --raid-devices=4 >/out/grow 2>&1 ||
    fail "mdadm --grow (status $?): $(cat /out/grow)"
all_quiet() { for volume in "${volumes[@]}"; do quiet "$volume" || return 1; done; }
expect 60 all_quiet
for i in "${!volumes[@]}"; do
    that "${volumes[i]}" raid_disks 4 || fail "${volumes[i]} has $(get "${volumes[i]}" raid_disks) legs"
    expect 30 settled "${DISKS[0]}" "${volumes[i]}"
    intact "${volumes[i]}"
done
say "grown: $(wc -l </out/trace) calls"
stop_all

#!/bin/bash
# A mirror loses one half, which stays attached with its old and valid copy, and goes on with the other, which a power cut then tears. What the initramfs
# does by itself (`actorraid repair --torn --yes`) leaves the torn disk as it is and says why, and so does repair of the disks by name: the old copy does
# not know that its disk was thrown out. Assembled as udev does it, the array never reads old data as if it were whole; and with the torn sector
# put back it reads the new. SLOT_OF_GOOD: which half goes on; DIRTY=yes: the other was lost while the volume was written.
. "$LAB/guest-lib.sh"

disks 2 48M
good=${DISKS[${SLOT_OF_GOOD:-1}]} lost=${DISKS[1 - ${SLOT_OF_GOOD:-1}]}
container imsm0 "${DISKS[@]}"
# The second volume makes it two sectors of metadata.
for volume in v0 v1; do
    quietly mdadm -CR "/dev/md/$volume" -l 1 -n 2 -z 8M "${DISKS[@]}"
    settle
    rest "$volume"
done
rest v0
fill v0
rest v0
[ "${DIRTY:-yes}" != yes ] || dd if=/data/v0 of="/dev/$(md v0)" bs=64k count=16 oflag=direct conv=notrunc status=none
fail_disk v0 "$lost"
for volume in v0 v1; do expect 30 degraded "$volume" 1; done
pause 1
fill v0
expect 30 volume_is v0 clean
stop_all

extended=$(($(blockdev --getsz "$good") - 3))
sector() { dd if="$1" bs=512 skip="$extended" count=1 status=none; }
put() { dd of="$1" bs=512 seek="$extended" oflag=direct conv=notrunc status=none; }
sector "$good" >/data/extended
! cmp -s /data/extended <(sector "$lost") || fail "the second sector is the same on both disks: there is nothing to be torn"
sector "$lost" | put "$good"
! recorded_like "$good" - Checksum "*correct" || fail "the tear does not show: $(mdadm -E "$good" 2>&1)"
say "$lost, thrown out: generation $(examined "$lost" - Generation); $good, which went on alone, is torn"

before=$(sha256sum "${DISKS[@]}")
for order in "--torn" "--torn --yes" "${DISKS[*]} --yes"; do
    if actorraid repair $order >/out/said 2>&1; then fail "repair $order ended with 0: $(cat /out/said)"; fi
    has /out/said "$good: refused: " || fail "repair $order does not refuse $good: $(cat /out/said)"
    has /out/said "may be the only one with current data" || fail "repair $order does not say why: $(cat /out/said)"
    [ "$before" = "$(sha256sum "${DISKS[@]}")" ] || fail "repair $order has written"
done
say "$(grep "^$good" /out/said)"

# Who may not read the disks is told so.
if setpriv --reuid 65534 --regid 65534 --clear-groups actorraid repair --torn >/out/denied 2>&1; then fail "repair without permission ended with 0: $(cat /out/denied)"; fi
has /out/denied "$good: EACCES" || fail "repair without permission does not name the disk and the reason: $(cat /out/denied)"

assemble_one_by_one "$lost" "$good"
pause 2
if md v0 >/dev/null 2>&1 && ! volume_is v0 inactive clear; then
    whole v0 && fail "v0 is taken for whole, with old data"
fi
say "assembled as udev does it: v0 is $(get v0 array_state 2>/dev/null || echo not there)"
mdadm -S --scan 2>&1 || true
settle

put "$good" </data/extended
assemble_one_by_one "$good"
expect 30 md v0
degraded v0 1 || fail "v0 is not degraded"
intact v0
say "with the torn sector put back, $good alone has the new data"

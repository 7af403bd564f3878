#!/bin/bash
# A disk's metadata is torn (its extended sector is of another commit than its anchor): mdadm does not know the disk any more.
# `actorraid repair` says what it would do, does it with --yes, and mdadm assembles the volume whole. A failed disk is refused.
. "$LAB/guest-lib.sh"

disks 5 48M
members=("${DISKS[@]:0:4}")
container imsm0 "${members[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 4 -z 16M "${members[@]}"
settle
rest vol0
fill vol0
rest vol0
stop_all
sectors=$(examined "${DISKS[1]}" - "MPB Sectors")
[ "$sectors" = 2 ] || fail "the metadata has $sectors sectors; the scenario is made for 2"

# The layout: anchor in the last but one sector, what it has no room for in the sectors before it.
torn=${DISKS[1]}
extended=$(($(blockdev --getsz "$torn") - 3))
head -c 512 /dev/urandom | dd of="$torn" bs=512 seek=$extended oflag=direct conv=notrunc status=none
! recorded_like "$torn" - Checksum "*correct" || fail "the tear does not show: $(mdadm -E "$torn" 2>&1)"
if mdadm -A /dev/md/imsm0 "${members[@]}" >/out/refused 2>&1; then fail "mdadm assembled a container with a torn disk: repair has nothing to prove"; fi
mdadm -S --scan 2>&1 || true
settle
say "$torn is torn; mdadm -A: $(head -n 1 /out/refused)"

before=$(sha256sum <"$torn")
actorraid repair "${members[@]}" >/out/plan 2>&1 || fail "repair without --yes ended with $?: $(cat /out/plan)"
has /out/plan "$torn: would be rewritten" || fail "repair does not plan to rewrite $torn: $(cat /out/plan)"
[ "$before" = "$(sha256sum <"$torn")" ] || fail "repair without --yes wrote to $torn"
say "$(grep "^$torn" /out/plan)"
actorraid repair "${members[@]}" --yes >/out/done 2>&1 || fail "repair --yes ended with $?: $(cat /out/done)"
say "$(grep "^$torn" /out/done)"
recorded_like "$torn" - Checksum "*correct" || fail "repaired, but mdadm -E says: $(mdadm -E "$torn" 2>&1)"

assemble imsm0 "${members[@]}"
expect 30 md vol0
that vol0 degraded 0 || fail "assembled, but degraded"
that vol0 sync_action idle || fail "assembled, but resyncing"
intact vol0
say "assembled whole, data intact"

# In use: refused. A disk that the others say has failed: refused.
if actorraid repair "${members[@]}" --yes >/out/in-use 2>&1 && ! has /out/in-use "nothing to do"; then
    fail "repair wrote to disks in use: $(cat /out/in-use)"
fi
fail_disk vol0 "${DISKS[2]}"
expect 30 not test -e "$(attribute vol0 dev-loop2)"
rest_degraded() { degraded vol0 1 && that vol0 sync_action idle; }
expect 30 rest_degraded
stop_all
before=$(sha256sum <"${DISKS[2]}")
if actorraid repair "${members[@]}" --yes >/out/failed 2>&1; then fail "repair took a failed disk for a healthy one: $(cat /out/failed)"; fi
has /out/failed "${DISKS[2]}: refused" || fail "no reason given for the failed disk: $(cat /out/failed)"
[ "$before" = "$(sha256sum <"${DISKS[2]}")" ] || fail "repair wrote to the failed disk"
say "$(grep "^${DISKS[2]}" /out/failed)"

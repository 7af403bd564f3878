#!/bin/bash
# Who is meant, and what is advised: two containers have a volume of the same name, and are asked for by every name that people have; then one is degraded
# without a spare, read-only, and whole with its failed disk still there, and what explain advises is done. Of the other, which has failed, nothing is advised.
# Last a name that is more than ASCII, and has a control sequence in it: shown as what it is, and the sequence as text.
. "$LAB/guest-lib.sh"

disks 7 48M
container imsm0 "${DISKS[@]:0:3}"
quietly mdadm -CR /dev/md/Volume0 -l 5 -n 3 -z 10M "${DISKS[@]:0:3}"
container imsm1 "${DISKS[@]:3:3}"
quietly mdadm -CR /dev/md/second --name=Volume0 -l 5 -n 3 -z 10M "${DISKS[@]:3:3}"
rest Volume0
rest second
a=$(md Volume0) b=$(md second) home=$(md imsm0)
fill Volume0
rest Volume0

# explained NAME PATTERN: what explain says of it begins so
explained() {
    actorraid explain "$1" >/out/explained 2>&1 || fail "explain $1: status $?: $(cat /out/explained)"
    read -r REPLY </out/explained
    [[ $REPLY == $2 ]] || fail "explain $1 says: $(cat /out/explained), not $2"
}
# refused STATUS NAME PATTERN
refused() {
    local got=0
    actorraid explain "$2" >/out/explained 2>&1 || got=$?
    [ "$got" = "$1" ] && [[ $(</out/explained) == $3 ]] || fail "explain $2: status $got: $(cat /out/explained)"
}
# advice PATTERN: REPLY is the command that was explained
advice() { REPLY=$(grep -o "mdadm $1" /out/explained | head -n 1) && [ -n "$REPLY" ]; }

refused 64 Volume0 "*$a (volume \"Volume0\" of $home)*"
has /out/explained "$b (volume \"Volume0\"" || fail "only one of the two is listed: $(cat /out/explained)"
say "$(cat /out/explained)"
refused 3 Volume9 "*there is no Volume9 here*$home*"
refused 64 /out/explained "*is no block device*"
explained /dev/md/Volume0 "$a (\"Volume0\") is OK*"
explained /dev/md/second "$b (\"Volume0\") is OK*"
explained second "$b *"
ln -s "$b" /dev/named
ln -sfn "../$b" /dev/md/Volume0
explained /dev/named "$b *"
explained /dev/md/Volume0 "$b *"
ln -sfn "../$a" /dev/md/Volume0
explained "/dev/$a" "$a *"
explained "9:${a#md}" "$a *"
explained "$home" "$home is a container (imsm*"
explained /dev/md/imsm0 "$home is a container*"
disk=$(basename "${DISKS[1]}")
explained "$disk" "$disk (serial /dev/$disk) is a disk of $home, a member*"
explained "$(cat "/sys/block/$disk/dev")" "$disk *"
while read -r line; do
    case $line in *"[Volume0]:"*) volume=yes ;; *UUID*) uuid=${line##* } ; explained "$uuid" "$([ -n "${volume:-}" ] && echo "$a" || echo "$home") *" ;; esac
done < <(mdadm -E "${DISKS[0]}")
[ -n "${volume:-}" ] && [ -n "${uuid:-}" ] || fail "mdadm -E shows no UUIDs"
actorraid status "/dev/$a" --json >/out/status.json || fail "status /dev/$a"
has /out/status.json "\"uuid\": \"$uuid\"" || fail "the UUID of $a is not $uuid: $(cat /out/status.json)"
say "called by every name"

lost=$(leg Volume0 1)
fail_disk Volume0 "$lost"
expect 20 degraded Volume0 1
expect 20 not test -e "/sys/block/$a/md/dev-$(basename "$lost")"
explained "$a" "$a *DEGRADED, 2 of 3 legs*"
advice "--add /dev/$home DISK" || fail "no spare is advised: $(cat /out/explained)"
say "degraded: $REPLY"
quietly ${REPLY%DISK} "${DISKS[6]}"
expect 30 whole Volume0
rest Volume0
explained "$lost" "$(basename "$lost") *, failed by its metadata*"
advice "--remove /dev/$home $lost" || fail "what to do with a failed disk that nobody needs is not told: $(cat /out/explained)"
say "whole: $REPLY"
quietly $REPLY
expect 10 not in_container "$home" "$lost"
mdadm -E "$lost" >/out/examined && has /out/examined "Intel Raid" || fail "the disk that was taken out has lost its metadata: $(cat /out/examined)"
quietly mdadm --readonly "/dev/$a"
explained "$a" "$a *"
advice "--readwrite /dev/$a" || fail "a read-only array is not told how to be written: $(cat /out/explained)"
say "read-only: $REPLY"
quietly $REPLY
rest Volume0
intact Volume0
consistent Volume0

# Two of three legs are lost: nothing is to be done to any disk of it.
first=$(leg second 0) other=$(leg second 1)
fail_disk second "$first"
expect 20 degraded second 1
# mdadm 4.6 fails no disk too many; md does, and says EBUSY, or says from then on that the array is broken.
{ echo faulty >"/sys/block/$b/md/dev-$(basename "$other")/state"; } 2>/dev/null || true
expect 20 eval 'that second degraded 2 || that second array_state broken'
for name in "/dev/$b" "$(container_of second)" "$first" "$other"; do
    actorraid explain "$name" >/out/explained || fail "explain $name"
    ! grep "mdadm --" /out/explained || fail "of a failed array, explain $name advises: $(cat /out/explained)"
done
explained "/dev/$b" "$b *FAILED*"
has /out/explained "take none out" || fail "of a failed array explain says: $(cat /out/explained)"
say "failed: $(grep "take none out" /out/explained)"

quietly mdadm --stop "/dev/$a"
mdadm --update-subarray=0 --update=name --name=$'\e[2Jäöü€' "/dev/$home" || end_if_new "this mdadm gives no such name" 3
quietly mdadm -I "/dev/$home"
settle
shown='\u001b[2Jäöü€'
actorraid status >/out/named.status || true
actorraid status --json >/out/named.json || true
actorraid examine "${DISKS[0]}" >/out/named.examine
actorraid events >/out/named.events
actorraid explain $'\e[2Jäöü€' >/out/named.explain || fail "explain by that name: $(cat -v /out/named.explain)"
for file in /out/named.*; do
    ! grep -q $'\e' "$file" || fail "a control character is in $file: $(cat -v "$file")"
done
for file in status events explain examine; do has "/out/named.$file" "$shown" || fail "$file does not show the name: $(cat -v "/out/named.$file")"; done
has /out/named.json '"volumeName": "\\u001b[2Jäöü€"' || fail "the name in JSON is $(grep volumeName /out/named.json)"
mdadm -E "${DISKS[0]}" | grep -q $'\e\\[2Jäöü€' || fail "the metadata has another name: $(mdadm -E "${DISKS[0]}" | grep '^\[' | cat -v)"
say "shown: $(grep "array " /out/named.status | head -n 1)"

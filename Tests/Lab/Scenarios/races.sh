#!/bin/bash
# ROUNDS rounds (20 if not given; those that begin WITHIN so many seconds) of what may come in any order where there are two
# processors (lab -q). WAY: kill, the supervisor is killed and started again under load; handoff, it hands over to another under
# load; fail, a disk fails in the moment of a first write, and is rebuilt onto a spare; status, everybody asks how it stands under
# load. After each round every write has ended well, every leg's metadata is whole and the same, the array is clean, and no error
# was told.
. "$LAB/guest-lib.sh"

rm -f "$ACTORRAID_LOG" # of an earlier run
if [ -e "${DISK}d" ]; then DISKS=("$DISK"{a,b,c,d}); else disks 4 48M; fi
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 8M "${DISKS[@]:0:3}"
settle
rest vol0
echo 0.05 >"$(attribute vol0 safe_mode_delay)"
say "$(nproc) processors"
python3 -u races.py "$WAY" "${ROUNDS:-20}" "$RANDOM_SEED" "$(container_of vol0)" "$(md vol0)" "${DISKS[@]}" ||
    fail "races.py ended with status $?"
expect 60 whole vol0
expect 30 volume_is vol0 clean
consistent vol0
expect 30 recorded_everywhere vol0 "Dirty State" clean $(legs vol0)
expect 30 recorded_everywhere vol0 "Map State" normal $(legs vol0)
stop_all

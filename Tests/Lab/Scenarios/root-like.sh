#!/bin/bash
# The daemon's own program and log lie on a file system on the array that it supervises; the page cache is dropped again and again and memory is
# short. TRANSITIONS (1000 if not given) times the array becomes dirty and clean, then a disk fails: all of it goes through. At last the daemon is told
# to end, as at shutdown, right after a write: all is recorded clean, and nothing is resynchronized at the next assembly.
. "$LAB/guest-lib.sh"

disks 4 128M
container imsm0 "${DISKS[@]}"
quietly mdadm -CR /dev/md/vol0 -l 5 -n 3 -z 90M "${DISKS[@]:0:3}"
settle
rest vol0
home=$(container_of vol0)
quietly mkfs.ext4 -q "/dev/$(md vol0)"
mkdir -p /mnt/root
mount "/dev/$(md vol0)" /mnt/root
cp -L "$(command -v mdmon)" /mnt/root/mdmon
export ACTORRAID_LOG=/mnt/root/actorraid.log
before=$(supervisor "$home")
/mnt/root/mdmon --takeover "$home"
expect 20 not supervised_by "$home" "$before"
ours=$(supervisor "$home")
[ "$(readlink "/proc/$ours/exe")" = /mnt/root/mdmon ] || fail "the daemon runs from $(readlink "/proc/$ours/exe")"
expect 20 test -s "$ACTORRAID_LOG"
echo 0.001 >"$(attribute vol0 safe_mode_delay)"
grep -E 'VmRSS' "/proc/$ours/status"
is "/proc/$ours/oom_score_adj" -1000 || fail "the kernel may end the daemon when memory is short: $(cat "/proc/$ours/oom_score_adj")"

# Memory: what is free is taken but for a little, by a file in memory, which has no swap to go to.
read -r _ free _ < <(grep MemAvailable /proc/meminfo)
mkdir -p /filler
mount -t tmpfs -o size=95% tmpfs /filler
head -c $(((free - 150000) * 1024)) /dev/zero >/filler/file
say "supervised by process $ours from the array itself; $(sed -n 's/MemAvailable: *//p' /proc/meminfo) available"

generation() { examine "${DISKS[0]}" - Generation; REPLY=$((16#$REPLY)); }
generation
begin=$REPLY
cat >/tmp/transitions.py <<'PY'
import mmap, os, sys, time
path, count, state = sys.argv[1], int(sys.argv[2]), sys.argv[3]
target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_DIRECT | os.O_DSYNC, 0o600)
os.posix_fallocate(target, 0, 1 << 20)
os.fsync(target)
buffer = mmap.mmap(-1, 4096)
attribute = os.open(state, os.O_RDONLY)
longest, waited = 0, 0
for number in range(count):
    buffer[:8] = number.to_bytes(8, "little")
    begin = time.monotonic()
    os.pwrite(target, buffer, number % 256 * 4096)
    longest = max(longest, time.monotonic() - begin)
    if number % 100 == 0:
        with open("/proc/sys/vm/drop_caches", "w") as caches:
            caches.write("3")
    end = time.monotonic() + 20
    while not os.pread(attribute, 32, 0).startswith(b"clean"):
        if time.monotonic() > end:
            sys.exit(f"not clean 20 s after write {number}: {os.pread(attribute, 32, 0)}")
        time.sleep(0.001)
print(f"{count} writes to a clean array, the longest {longest * 1000:.1f} ms")
PY
python3 /tmp/transitions.py /mnt/root/data "${TRANSITIONS:-1000}" "$(attribute vol0 array_state)" >/disks/transitions 2>&1 || fail "$(cat /disks/transitions)"
generation
say "$(cat /disks/transitions); generation $begin -> $REPLY"
# Two for each write, but for those that came between md's clean and its record: both are then one commit, or none.
[ $((REPLY - begin)) -ge "${TRANSITIONS:-1000}" ] || fail "generation $begin -> $REPLY: not every write found the array clean"

echo 3 >/proc/sys/vm/drop_caches
fail_disk vol0 "${DISKS[1]}"
dd if=/dev/urandom of=/mnt/root/more bs=64k count=16 oflag=direct conv=fsync status=none
expect 120 whole vol0
expect 30 recorded_everywhere vol0 Slots "[UUU]" $(legs vol0)
supervised_by "$home" "$ours" || fail "process $ours no longer supervises $home"
say "a disk failed and its spare is rebuilt"

rm -f /filler/file
dd if=/dev/urandom of=/mnt/root/more bs=64k count=16 oflag=direct conv=fsync status=none
kill -TERM "$ours"
expect 40 ended "$ours"
expect 10 recorded_everywhere vol0 "Dirty State" clean $(legs vol0)
[ ! -e "/run/mdadm/$home.pid" ] || say "as mdmon, it has left its pid file"
say "told to end: all is recorded clean"
export ACTORRAID_LOG=/out/actorraid.log
supervisor_start "$home"
umount /mnt/root
stop_volume vol0
quietly mdadm -S "/dev/$home"
settle
dmesg -C
assemble imsm0 "${DISKS[@]}"
expect 30 volume_is vol0 read-auto clean readonly active
mount "/dev/$(md vol0)" /mnt/root
umount /mnt/root
rest vol0
! dmesg | grep -E 'resync of RAID|not clean' || fail "the volume was resynchronized after a shutdown"
say "assembled again without a resync"
stop_all

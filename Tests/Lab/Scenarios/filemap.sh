#!/bin/bash
# Files are mapped by the distribution's dmstats, and dmfilemapd keeps their groups in step with them: they grow, are cut and punched, renamed, replaced, emptied
# and unlinked, the process is killed, groups are deleted. PARTS says what is tried, APPENDS how often the file grows. To be tried under actorraid only.
. "$LAB/guest-lib.sh"
. "${BASH_SOURCE[0]%/*}/filemap-lib.sh"
PARTS=${PARTS:-refused clients inode path pieces idle over}
APPENDS=${APPENDS:-15}
file_system 300M
cd "$FS"

refused() {
    say "what cannot be mapped is refused with the reason"
    : >/data/file
    head -c 64k /dev/urandom >"$FS/a"
    refuses "usage: dmfilemapd" dmfilemapd
    refuses "no number of a descriptor" dmfilemapd x 0 "$FS/a" inode
    refuses "no absolute path" dmfilemapd 3 0 a inode
    refuses "mode is inode or path" dmfilemapd 3 0 "$FS/a" other
    refuses "is not open" dmfilemapd 77 0 "$FS/a" inode 1
    refuses "not of a regular file" dmfilemapd 7 0 /dev/null inode 1 7</dev/null
    refuses "cannot tell where a file lies" dmfilemapd 7 0 /data/file inode 1 7</data/file
    disks 1 20M
    mkfs.ext4 -q "${DISKS[1]}"
    mkdir /mnt/plain
    mount "${DISKS[1]}" /mnt/plain
    cp a /mnt/plain/
    refuses "is not on a device-mapper device" dmfilemapd 7 0 /mnt/plain/a inode 1 7</mnt/plain/a
    umount /mnt/plain
    refuses "there is no group 5" dmfilemapd 7 5 "$FS/a" inode 1 7<"$FS/a"
    rm a
    nothing_left || fail "something is left"
}

inode() {
    local before after round range
    say "dmstats maps a file, and a process follows it"
    put a 256
    map a --precise --bounds 10ms,20ms
    expect 5 follower "$GROUP"
    in_step "$GROUP" a || fail "not in step from the beginning"
    dmstats list --group | grep -q "^a  *$GROUP " || fail "dmstats does not list the group"
    refuses "is followed by another dmfilemapd" dmfilemapd 7 "$GROUP" "$FS/a" inode 1 7<a

    say "it grows $APPENDS times, and what the first region has counted stays"
    for ((round = 0; round < 5; round++)); do
        append a 16 $((APPENDS / 5))
        expect 5 in_step "$GROUP" a
        dd if=/dev/zero of=a bs=64k count=1 oflag=direct conv=notrunc status=none
        dd if=a of=/dev/null bs=1M iflag=direct status=none
    done
    expect 5 in_step "$GROUP" a
    counted "$GROUP"; before=${REPLY% *}
    [ "$before" = $((5 * 128)) ] || fail "the first region has counted $before sectors written"
    members "$GROUP"; set -- $REPLY
    say "in $# regions: $(tag "$GROUP"; echo "$REPLY")"

    say "what the group counts is what one region counts over the same sectors"
    local whole
    whole=$(for range in $(extents a); do stats @stats_create "$range" /1 whole; done)
    members "$GROUP"; counted $REPLY; before=$REPLY
    dd if=/dev/zero of=a bs=12k count=$((APPENDS + 10)) oflag=direct conv=notrunc status=none
    dd if=a of=/dev/null bs=20k iflag=direct status=none
    members "$GROUP"; counted $REPLY; after="$((${REPLY% *} - ${before% *})) $((${REPLY#* } - ${before#* }))"
    counted $whole
    [ "$after" = "$REPLY" ] || fail "the group has counted $after sectors (written, read), regions over all of it $REPLY"
    [ "${REPLY% *}" -gt 0 ] && [ "${REPLY#* }" -gt 0 ]
    for range in $whole; do stats @stats_delete "$range"; done

    say "it is cut, gets a hole, moves, is renamed, and written in the cache"
    truncate -s 200k a
    expect 5 in_step "$GROUP" a
    fallocate -p -o 40k -l 40k a
    expect 5 in_step "$GROUP" a
    put a 128
    expect 5 in_step "$GROUP" a
    mv a b
    put b 64
    expect 5 in_step "$GROUP" b
    head -c 300k /dev/urandom >>b
    sync b
    expect 8 in_step "$GROUP" b
    : >b
    put b 100
    expect 5 in_step "$GROUP" b
    fallocate -p -o 0 -l 40k b # the leader's sectors leave
    expect 5 in_step "$GROUP" b
    tag "$GROUP"
    [[ $REPLY == "DMS_GROUP=a:$GROUP"* ]] || fail "the group is $REPLY"
    dmstats report --group | grep -q "^a  *$GROUP " || fail "dmstats does not report the group"

    say "the process is killed, the file grows meanwhile, and another one goes on"
    follower "$GROUP"
    kill -9 "$REPLY"
    expect 5 ended "$REPLY"
    before=$(stats @stats_print "$GROUP")
    put b 256
    not in_step "$GROUP" b
    dmfilemapd 7 "$GROUP" "$FS/b" inode 0 0 7<b
    expect 5 in_step "$GROUP" b
    [ "$(stats @stats_print "$GROUP")" = "$before" ] || fail "the first region's counts are not what they were: $before"

    say "unlinked, it is followed as long as somebody has it open"
    exec 8<b
    rm b
    always 2 follower "$GROUP"
    follower "$GROUP"
    exec 8<&-
    expect 3 ended "$REPLY"
    [ -n "$(regions "$GROUP")" ] || fail "the counts are gone"
    dmstats delete --groupid "$GROUP" fs
    nothing_left || fail "something is left: $(stats @stats_list)"
}

path() {
    local round
    say "by its path, a file that is replaced is followed"
    put p 64
    map p --follow path --alias byname
    expect 5 follower "$GROUP"
    for ((round = 0; round < 3; round++)); do
        put new $((100 + round * 20))
        mv new p
        expect 5 in_step "$GROUP" p
    done
    rm p
    pause 0.5
    put p 64
    expect 5 in_step "$GROUP" p
    tag "$GROUP"
    [[ $REPLY == "DMS_GROUP=byname:$GROUP"* ]] || fail "the group is $REPLY"
    put p 64
    expect 5 in_step "$GROUP" p
    follower "$GROUP"
    rm p
    expect 3 ended "$REPLY"
    dmstats delete --groupid "$GROUP" fs
    nothing_left || fail "something is left: $(stats @stats_list)"
}


over() {
    local pid
    say "an empty file, a deleted group and an unmounted file system end it"
    put e 64
    map e
    expect 5 follower "$GROUP"
    follower "$GROUP"
    : >e
    expect 3 ended "$REPLY"
    nothing_left || fail "something is left: $(stats @stats_list)"

    put g 64
    map g
    expect 5 follower "$GROUP"
    follower "$GROUP"
    dmstats delete --groupid "$GROUP" fs
    put g 64
    expect 3 ended "$REPLY"
    nothing_left || fail "something is left: $(stats @stats_list)"

    put u 64
    map u --follow path
    expect 5 follower "$GROUP"
    pid=$REPLY
    cd /
    expect 5 umount "$FS" # when it has begun, it keeps nothing open
    expect 3 ended "$pid"
    dmstats delete --groupid "$GROUP" fs
    nothing_left || fail "something is left: $(stats @stats_list)"
    dmsetup remove fs
}

clients() {
    local file=$'na me\twith \xc3\xa4'
    say "what dmstats does to a group goes on, whatever the file's name"
    put "$file" 64
    map "$FS/$file" --alias named
    expect 5 follower "$GROUP"
    put "$file" 64
    expect 5 in_step "$GROUP" "$file"
    dd if="$file" of=/dev/null bs=64k iflag=direct status=none
    dmstats print --allregions fs | grep -q . || fail "dmstats prints nothing"
    dmstats clear --allregions fs
    members "$GROUP"; counted $REPLY
    [ "$REPLY" = "0 0" ] || fail "after dmstats clear the group has counted $REPLY"
    quietly dmstats update_filemap --groupid "$GROUP" "$FS/$file"
    pause 1
    in_step "$GROUP" "$file" || fail "not in step after dmstats update_filemap"
    put "$file" 64
    expect 5 in_step "$GROUP" "$file"
    follower "$GROUP"
    dmstats ungroup --groupid "$GROUP" fs
    expect 12 ended "$REPLY"
    [ -n "$(stats @stats_list)" ] || fail "dmstats ungroup keeps regions, and they are gone"
    dmstats delete --allregions fs
    nothing_left || fail "something is left: $(stats @stats_list)"

    say "what was allocated before it is written is counted from the first write on"
    fallocate -l 1M pre
    map pre
    expect 5 follower "$GROUP"
    dd if=/dev/zero of=pre bs=64k count=16 oflag=direct conv=notrunc status=none
    expect 5 in_step "$GROUP" pre
    members "$GROUP"; counted $REPLY
    [ "$REPLY" = "2048 0" ] || fail "of 2048 sectors written $REPLY are counted"
    dmstats delete --groupid "$GROUP" fs
    expect 12 nothing_left

    say "dmstats itself becomes the process in the foreground"
    dmstats create --filemap --foreground pre >/out/foreground.log 2>&1 &
    expect 5 follower 0
    [ "$REPLY" = $! ] || fail "$REPLY follows, and dmstats was $!"
    expect 5 compgen -G "/run/actorraid/filemap-*-0.lock" # it has found the group
    dmstats delete --groupid 0 fs
    wait $! || fail "it has ended with status $?: $(cat /out/foreground.log)"
    nothing_left || fail "something is left: $(stats @stats_list)"
}

# punch FILE COUNT: so many holes of a block each
punch() {
    python3 - "$@" <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
file = os.open(sys.argv[1], os.O_RDWR)
for hole in range(int(sys.argv[2])):
    if libc.fallocate(file, 3, hole * 8192 + 4096, 4096) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
END
}

pieces() {
    local before
    say "a file in many pieces is followed as far as dmstats could handle the list, and no further"
    put many 4096
    for ((before = 1; before < 6; before++)); do put many 4096; done
    dmstats create --filemap --nomonitor many
    dmfilemapd 7 0 "$FS/many" inode 1 1 7<many >/out/many.log 2>&1 &
    expect 5 follower 0
    punch many 300
    expect 60 in_step 0 many
    punch many 2000
    wait $! && fail "it has not ended"
    tail -n 3 /out/many.log
    has /out/many.log "Starting dmfilemapd with fd=7, group_id=0 mode=inode, path=$FS/many"
    has /out/many.log "are allowed" || fail "it does not say why it has ended"
    members 0; set -- $REPLY
    [ "$#" -le 1024 ] || fail "$# regions"
    [ "$(stats @stats_list | grep -c .)" = "$#" ] || fail "not all regions are in the group"
    dmstats delete --groupid 0 fs
    rm many

    say "the file system is full"
    put last 64
    map last
    dd if=/dev/zero of=filler bs=1M status=none 2>/dev/null || true
    dd if=/dev/zero of=last bs=4k oflag=append,direct conv=notrunc status=none 2>/dev/null || true
    expect 5 in_step "$GROUP" last
    rm filler
    put last 640
    expect 5 in_step "$GROUP" last
    dmstats delete --groupid "$GROUP" fs
    expect 12 nothing_left
}

# switches PID: how often each of its threads has waited, by the thread's number
switches() { awk '/^Pid:/ { pid = $2 } /^voluntary_ctxt/ { print pid, $2 }' "/proc/$1"/task/*/status | sort; }

idle() {
    local before pid
    say "at rest it hardly wakes up"
    put r 64
    map r
    expect 5 follower "$GROUP"
    pid=$REPLY
    pause 12
    switches "$pid" >/run/before
    pause 40
    before=$(switches "$pid" | join - /run/before | awk '{ sum += $2 - $3 } END { print sum }')
    say "in 40 s its threads have waited $before times; $(grep VmRSS "/proc/$pid/status")"
    [ "$before" -lt 60 ] || fail "it does not rest"
    ! grep -q '^VmLck:.*[1-9]' "/proc/$pid/status" || fail "its memory is locked"
    dmstats delete --groupid "$GROUP" fs
    expect 12 nothing_left
}

for part in $PARTS; do
    "$part"
done

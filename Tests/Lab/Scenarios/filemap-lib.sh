# What the scenarios of file maps share (sourced after guest-lib.sh): a file system on device-mapper, the distribution's dmstats as the client, and
# dmfilemapd where dmstats looks for it.
FS=/mnt/fs
mkdir -p "$FS" /usr/local/sbin
ln -sf /lab/published/dmfilemapd /usr/local/sbin/dmfilemapd

# file_system SIZE: an ext4 on a linear device-mapper device named fs
file_system() {
    disks 1 "$1"
    dmsetup create fs --table "0 $(blockdev --getsz "${DISKS[0]}") linear ${DISKS[0]} 0"
    settle
    mkfs.ext4 -q -b 4096 /dev/mapper/fs
    mount /dev/mapper/fs "$FS"
}

# stats MESSAGE...: what the kernel answers about the device
stats() { dmsetup message fs 0 "$@"; }

# tag GROUP: REPLY is the group's text; status 1: there is no such group
tag() {
    local id rest
    while read -r id _ _ _ rest; do
        [ "$id" != "$1:" ] || { REPLY=$rest; [[ $rest == DMS_GROUP=* ]]; return; }
    done < <(stats @stats_list)
    return 1
}

# members GROUP: REPLY is the list of its regions, as numbers with blanks before and after
members() {
    local range list=' ' id
    tag "$1" || return 1
    REPLY=${REPLY%%#*} REPLY=${REPLY##*:}
    for range in ${REPLY//,/ }; do
        for ((id = ${range%-*}; id <= ${range#*-}; id++)); do list+="$id "; done
    done
    REPLY=$list
}

# joined: ranges START+LENGTH, one a line in order, with those that touch made one
joined() {
    awk -F+ 'end == $1 && NR > 1 { end += $2; next } NR > 1 { print start "+" end - start } { start = $1; end = $1 + $2 } END { if (NR) print start "+" end - start }'
}

# regions GROUP: its regions' sectors, joined
regions() {
    local list
    members "$1" || return 1
    list=$REPLY
    stats @stats_list | awk -v list="$list" '{ sub(/:/, "", $1) } index(list, " " $1 " ") { print $2 }' | sort -t+ -n | joined
}

# extents FILE: its sectors, joined (blocks are of 8)
extents() {
    filefrag -v "$1" | awk '$1 ~ /^[0-9]+:$/ && !/delalloc|unknown_loc/ { sub(/\.\./, "", $4); print $4 * 8 "+" $6 * 8 }' | sort -t+ -n | joined
}

# in_step GROUP FILE: each sector of the file is in one region of the group, and nothing else is
in_step() { [ "$(regions "$1")" = "$(extents "$2")" ]; }

# counted ID...: REPLY is what these regions have counted together: sectors written and sectors read
counted() {
    local id written=0 read=0 columns
    for id; do
        while read -r -a columns; do written=$((written + columns[7])) read=$((read + columns[3])); done < <(stats @stats_print "$id")
    done
    REPLY="$written $read"
}

# follower GROUP: REPLY is the process that follows the group (a pattern); status 1: nobody does
follower() {
    local file arguments
    for file in /proc/[0-9]*/cmdline; do
        mapfile -d '' arguments 2>/dev/null <"$file" || continue
        if [[ ${arguments[0]:-} == *dmfilemapd && ${arguments[2]:-} == $1 ]]; then
            file=${file#/proc/}
            REPLY=${file%/cmdline}
            return 0
        fi
    done
    return 1
}

# map FILE [dmstats's options...]: GROUP is the new group
map() {
    local output
    output=$(dmstats create --filemap "$@" 2>&1) || fail "dmstats create --filemap $*: $output"
    echo "$output"
    GROUP=$(sed -n 's/.*as group ID \([0-9]*\)\.$/\1/p' <<<"$output")
    [ -n "$GROUP" ] || fail "dmstats says no group: $output"
}

# put FILE KIBIBYTES [dd's operands...]: writes so much at its end, past the cache
put() { dd if=/dev/urandom of="$1" bs="$2"k count=1 oflag=append,direct conv=notrunc status=none "${@:3}"; }

# append FILE KIBIBYTES COUNT: writes so much at its end so many times, past the cache, a few milliseconds apart
append() {
    python3 - "$@" <<'END'
import mmap, os, sys, time
file = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_DIRECT)
piece = mmap.mmap(-1, int(sys.argv[2]) << 10)
for _ in range(int(sys.argv[3])):
    os.write(file, piece)
    time.sleep(0.003)
END
}

# nothing_left: neither regions nor processes nor files of file maps
nothing_left() { ! follower '*' && [ -z "$(stats @stats_list)" ] && ! compgen -G "/run/actorraid/filemap-*" >/dev/null; }

# refuses TEXT COMMAND...: it ends with status 1 and says that
refuses() {
    local text=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    [ "$status" = 1 ] && [[ $output == *"$text"* ]] || fail "$*: status $status, $output; expected: $text"
}

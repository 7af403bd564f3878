# What the scripts about changes of shape share (sourced after guest-lib.sh).

# frozen NAME: mdadm keeps the volume to itself: "-" in place of "/" in metadata_version
frozen() {
    local version
    resolve "$1" || return 1
    read -r version <"/sys/block/$REPLY/md/metadata_version"
    [[ $version == external:-* ]]
}

# reshaping NAME: the kernel moves data; RAID0 has no sync_action
reshaping() { resolve "$1" && [ -e "/sys/block/$REPLY/md/sync_action" ] && is "/sys/block/$REPLY/md/sync_action" reshape; }

# quiet NAME: nothing runs in the kernel, and mdadm has let go of the volume
quiet() {
    resolve "$1" || return 1
    [ ! -e "/sys/block/$REPLY/md/sync_action" ] || is "/sys/block/$REPLY/md/sync_action" idle || return 1
    not frozen "$1"
}

# set_pace KIBIBYTES: how fast the kernel resyncs and reshapes, per second and leg
set_pace() {
    local limit
    for limit in max min; do echo "$1" >"/proc/sys/dev/raid/speed_limit_$limit"; done
}

# volume_bytes NAME
volume_bytes() { blockdev --getsize64 "/dev/$(md "$1")"; }

# data_legs LEVEL LEGS: how many legs' worth of data a volume holds
data_legs() {
    case $1 in
        0) echo "$2" ;;
        1) echo 1 ;;
        5) echo $(($2 - 1)) ;;
        10) echo $(($2 / 2)) ;;
    esac
}

# fields DISK VOLUME: FIELD is all that mdadm -E says of the volume, by name
declare -A FIELD
fields() {
    local line here=- name
    FIELD=()
    while IFS= read -r line; do
        case $line in
            "["*) here=${line#[}; here=${here%%]*} ;;
            *"Disk"[0-9]*" Serial"* | "Migration Record"*) here=- ;;
            *:*)
                [ "$here" = "$2" ] || continue
                name=${line%%:*} name=${name#"${name%%[! ]*}"} name=${name%"${name##*[! ]}"}
                FIELD[$name]=${line#*: } ;;
        esac
    done < <(mdadm -E "$1" 2>/dev/null || true)
}

# settled DISK VOLUME: that copy of the metadata knows the volume and no migration of it
settled() { fields "$1" "$2"; [ "${FIELD[Migrate State]:-}" = idle ]; }

# has_shape NAME LEVEL LEGS CHUNK BYTES DISK...: the kernel and the metadata of each disk agree that this is the volume's
# level, number of legs, chunk (KiB; - for RAID1) and size, that it is whole, and that nothing is left of a migration
has_shape() {
    local name=$1 level=$2 legs=$3 chunk=$4 bytes=$5 disk slots field
    local -A wanted
    shift 5
    that "$name" level "raid$level" || fail "$name: the kernel's level is $(get "$name" level), expected raid$level"
    that "$name" raid_disks "$legs" || fail "$name: the kernel has $(get "$name" raid_disks) legs, expected $legs"
    [ "$chunk" = - ] || that "$name" chunk_size $((chunk * 1024)) ||
        fail "$name: the kernel's chunk is $(get "$name" chunk_size) bytes, expected $chunk KiB"
    [ "$(volume_bytes "$name")" = "$bytes" ] || fail "$name: the kernel's size is $(volume_bytes "$name") bytes, expected $bytes"
    printf -v slots '%*s' "$legs" ''
    wanted=([Migrate State]=idle [Map State]=normal [RAID Level]=$level [Members]=$legs [Slots]="[${slots// /U}]"
        [Failed disk]=none [Array Size]="$((bytes / 512)) *")
    [ "$chunk" = - ] || wanted[Chunk Size]="$chunk KiB"
    for disk; do
        expect 30 settled "$disk" "$name"
        for field in "${!wanted[@]}"; do
            # The sizes are patterns, slots in brackets are not.
            [[ ${FIELD[$field]} == "${wanted[$field]}" || ( $field = *Size && ${FIELD[$field]} == ${wanted[$field]} ) ]] ||
                fail "$disk: $field of $name is ${FIELD[$field]}, expected ${wanted[$field]}"
        done
    done
}

# readable NAME LEGS: reads and compares a random piece of what fill wrote, while the volume is being reshaped to so many
# legs' worth of data. mdadm lets the kernel go on by units of so many MiB. Near the end of a unit nothing may be read: Linux 6.1
# keeps a read of a stripe through which the reshape's position goes waiting until the reshape goes on, mdadm lets it go on
# only after a write to suspend_lo, and that write waits for all reads. Whichever the supervisor, all three wait for ever.
readable() {
    local units start length
    units=$(($(stat -c %s "$DATA/$1") / ($2 << 20)))
    start=$((($(random 0 $((units - 1))) * $2 << 20) + (512 << 10)))
    length=$((($2 - 1) << 20))
    dd if="/dev/$(md "$1")" bs=512k iflag=direct,count_bytes,skip_bytes skip=$start count=$length status=none |
        cmp -s -n $length -i "0:$start" - "$DATA/$1" || fail "bytes $start to $((start + length)) of $1 are not what was written, while it is being reshaped"
}

# grow ARGUMENT...: mdadm --grow. The mdadm that stays in the background keeps the output open, so it goes to a file.
grow() { mdadm --grow "$@" >/out/grow 2>&1 || fail "mdadm --grow $* (status $?): $(cat /out/grow)"; }

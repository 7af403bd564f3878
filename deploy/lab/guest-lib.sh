# What guest scripts are written with. A script begins with `. "$LAB/guest-lib.sh"`; any command that fails ends it, with the
# state shown. SUPERVISOR is mdmon or actorraid; both must pass the same scripts. Random choices come from SEED, printed.
set -eEuo pipefail

export IMSM_NO_PLATFORM=1         # mdadm: no Intel option ROM needed
export IMSM_DEVNAME_AS_SERIAL=1   # loop devices have no serial number
[ -d /run/systemd/system ] || export MDADM_NO_SYSTEMCTL=1 # mdadm starts its monitor itself
export ACTORRAID_LOG=/out/actorraid.log
DISKS=()
DATA=/data                        # reference copies of what was written
RANDOM_SEED=${SEED:-$(($(date +%s%N) / 1000 % 1000000))}
RANDOM=$((RANDOM_SEED % 32768))
echo "SEED=$RANDOM_SEED SUPERVISOR=$SUPERVISOR kernel $(uname -r) $(mdadm --version 2>&1)"
mkdir -p "$DATA" /disks
mount -t tmpfs -o size=90% tmpfs /disks
mount -t tmpfs -o size=90% tmpfs "$DATA"

# ---- telling ----------------------------------------------------------------------------------------------------

# now_ms: milliseconds since 1970
now_ms() { local t=$EPOCHREALTIME; echo $((${t/./} / 1000)); }

# say TEXT...: one line of the timeline, on the console and in /out/timeline
say() {
    local t=$EPOCHREALTIME
    printf '%(%H:%M:%S)T.%s  %s\n' "${t%.*}" "${t:11:3}" "$*"
    printf '%s.%s step %s\n' "${t%.*}" "${t:11:3}" "$*" >>/out/timeline
}

# show_state: what the kernel, the metadata and the supervisor have to say
show_state() {
    set +eE
    trap - ERR
    echo "---- /proc/mdstat"; cat /proc/mdstat
    local md f leg
    for md in /sys/block/md*/md; do
        [ -d "$md" ] || continue
        printf '%s:' "$(basename "$(dirname "$md")")"
        for f in level metadata_version array_state sync_action sync_completed resync_start degraded mismatch_cnt; do
            [ -e "$md/$f" ] && printf ' %s=%s' "$f" "$(cat "$md/$f" 2>/dev/null)"
        done
        echo
        for leg in "$md"/dev-*; do
            [ -d "$leg" ] && printf '    %s slot=%s state=%s recovery_start=%s\n' \
                "${leg##*/dev-}" "$(cat "$leg/slot" 2>/dev/null)" "$(cat "$leg/state" 2>/dev/null)" "$(cat "$leg/recovery_start" 2>/dev/null)"
        done
    done
    echo "---- supervisors"; head -v /run/mdadm/*.pid 2>/dev/null; busybox ps | grep -E '[@m]dmon|actorraid' | grep -v grep
    for f in $(busybox pidof mdadm mdmon); do
        echo "---- process $f: $(tr '\0' ' ' <"/proc/$f/cmdline")"
        [[ $(readlink "/proc/$f/exe") == *actorraid* ]] || cat "/proc/$f"/task/*/stack
    done 2>&1
    echo "---- /run/mdadm/map"; cat /run/mdadm/map
    for f in "${DISKS[@]}"; do
        echo "---- $f"; mdadm -E "$f" 2>&1 | grep -E 'Generation|Serial|State|Slots|Failed|Checkpoint|^\['
    done
    if [ -f "$ACTORRAID_LOG" ]; then echo "---- the supervisor's log"; tail -n 40 "$ACTORRAID_LOG"; fi
    echo "---- the kernel's log"; dmesg | tail -n 25
}

# fail TEXT...: the script ends here, as not passed
fail() {
    trap - ERR EXIT
    set +eE
    echo "FAILED: $*"
    echo "$*" >/out/failure
    show_state
    exit 1
}
trap 'fail "line ${BASH_LINENO[0]:-$LINENO} of ${BASH_SOURCE[1]:-$SCRIPT}: $BASH_COMMAND (status $?)"' ERR

# pause SECONDS: a sleep that starts no process (which costs 30 ms in the guest)
exec {NEVER}<> <(:)
pause() { read -r -t "$1" -u "$NEVER" || true; }

# expect SECONDS COMMAND...: waits until the command is true; if it never is, the script fails with the state shown
expect() {
    local limit=$1 deadline=$((SECONDS + $1 + 1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "expected within $limit s: $*$(found "$@")"
        pause 0.03
    done
}

# always SECONDS COMMAND...: the command must be true for so long
always() {
    local limit=$1 deadline=$((SECONDS + $1 + 1))
    shift
    while [ "$SECONDS" -lt "$deadline" ]; do
        "$@" >/dev/null 2>&1 || fail "expected for $limit s: $*$(found "$@")"
        pause 0.1
    done
}

# found COMMAND...: for the failure message of a check on an attribute, what the attribute held
found() {
    case $1 in
        is) [ ! -e "$2" ] || echo "; found: $(cat "$2")" ;;
        that) echo "; found: $(get "$2" "$3" 2>&1)" ;;
        volume_is) echo "; found: $(get "$2" array_state 2>&1)" ;;
        by_service) echo "; found: $(systemctl show --property=ActiveState,MainPID actorraid.service 2>&1), $(cat "/proc/$(supervisor "$2")/cgroup" 2>&1)" ;;
        ended) echo "; found: $(cat "/proc/$2/stat" "/proc/$2/wchan" "/proc/$2/stack" 2>&1)" ;;
        degraded) echo "; found: $(get "$2" degraded 2>&1)" ;;
        recorded | recorded_like) echo "; found: $(examined "$2" "$3" "$4")" ;;
    esac
}

# is FILE WORD...: the file holds exactly one of the words
is() {
    local file=$1 value word
    shift
    read -r value <"$file" || [ -n "${value:-}" ] || value=
    for word; do [ "$value" = "$word" ] && return 0; done
    return 1
}

# has FILE TEXT: the file holds the text
has() { grep -qF -- "$2" "$1"; }

# ended PID: the process is gone; one of ours that bash has not waited for yet counts as gone too
ended() {
    local state
    kill -0 "$1" || return 0
    read -r _ _ state _ <"/proc/$1/stat" || return 0
    [ "$state" = Z ]
}

# not COMMAND...
not() { ! "$@"; }

# random LOW HIGH
random() { echo $(($1 + (RANDOM * 32768 + RANDOM) % ($2 - $1 + 1))); }

# ---- disks ------------------------------------------------------------------------------------------------------

# disks COUNT SIZE [SECTOR]: adds so many loop disks on tmpfs to DISKS
disks() {
    local count=$1 size=$2 sector=${3:-512} number
    while [ "$count" -gt 0 ]; do
        number=${#DISKS[@]}
        truncate -s "$size" "/disks/d$number"
        [ -e "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number"
        losetup --sector-size "$sector" "/dev/loop$number" "/disks/d$number"
        DISKS+=("/dev/loop$number")
        count=$((count - 1))
    done
    settle
}

settle() { udevadm settle --timeout=30 || true; }

# mapped_disks COUNT SIZE: adds so many loop disks to DISKS, each through device-mapper, so that `becomes` can change how it answers
mapped_disks() {
    local first=${#DISKS[@]} number
    disks "$1" "$2"
    for number in $(seq "$first" $((${#DISKS[@]} - 1))); do
        dmsetup create "disk$number" --table "0 $(blockdev --getsz "${DISKS[number]}") linear ${DISKS[number]} 0"
    done
    settle
    for number in $(seq "$first" $((${#DISKS[@]} - 1))); do
        LOOPS[number]=${DISKS[number]}
        DISKS[number]=/dev/$(basename "$(readlink -f "/dev/mapper/disk$number")")
    done
}
LOOPS=()

# becomes NUMBER linear | error | delay MILLISECONDS: how that disk answers from now on; what it has under way it ends as before
becomes() {
    local size
    size=$(blockdev --getsz "${LOOPS[$1]}")
    case $2 in
        linear) echo "0 $size linear ${LOOPS[$1]} 0" ;;
        delay) echo "0 $size delay ${LOOPS[$1]} 0 0 ${LOOPS[$1]} 0 $3" ;;
        error) echo "0 $size error" ;;
    esac | maps "$1"
}

# maps NUMBER: what that disk is made of from now on, lines of a device-mapper table, is read from the input
maps() {
    dmsetup suspend --noflush --nolockfs "disk$1"
    dmsetup load "disk$1"
    dmsetup resume "disk$1"
}

# scsi_disks COUNT MEBIBYTES: adds so many SCSI disks to DISKS, which `pull` and `plug` can take away and bring back. As a disk may come back by another
# name, a script that plugs unsets IMSM_DEVNAME_AS_SERIAL first: these disks have serial numbers of their own.
scsi_disks() {
    local modules=/lab/modules/$(uname -r)/kernel module file name
    for module in lib/crc-t10dif lib/crc64 lib/crc64-rocksoft block/t10-pi drivers/scsi/{scsi_common,scsi_mod,sd_mod,scsi_debug}; do
        for file in "$modules/$module".ko*; do
            [ ! -f "$file" ] || case $module in
                */scsi_debug) insmod "$file" add_host="$1" per_host_store=1 dev_size_mb="$2" delay=0 ;;
                *) insmod "$file" ;;
            esac
        done
    done
    settle
    for name in /sys/bus/scsi/devices/[0-9]*/block/*; do
        [ "$(cat "${name%/block/*}/vendor")" = "Linux   " ] || continue
        HOSTS[${#DISKS[@]}]=$(basename "${name%/block/*}")
        DISKS+=("/dev/$(basename "$name")")
    done
}
HOSTS=()

# pull NUMBER: that SCSI disk is gone, as when its cable is pulled
pull() {
    echo 1 >"/sys/bus/scsi/devices/${HOSTS[$1]}/delete"
}

# plug NUMBER: it is back, perhaps by another name
plug() {
    echo "- - -" >"/sys/class/scsi_host/host${HOSTS[$1]%%:*}/scan"
    settle
    DISKS[$1]=/dev/$(basename "/sys/bus/scsi/devices/${HOSTS[$1]}/block/"*)
}

# ---- containers and volumes -------------------------------------------------------------------------------------

# container NAME DISK...: creates an IMSM container
container() {
    local name=$1
    shift
    quietly mdadm -CR "/dev/md/$name" -e imsm -n $# "$@"
    settle
}

# volume NAME LEVEL LEGS SIZE CONTAINER [mdadm's further arguments]: creates a volume, without waiting for its resync
volume() {
    local name=$1 level=$2 legs=$3 size=$4 container=$5
    shift 5
    quietly mdadm -CR "/dev/md/$name" -l "$level" -n "$legs" -z "$size" "/dev/$(md "$container")" "$@"
    settle
}

# quietly COMMAND...: its output only if it fails
quietly() {
    local output
    output=$("$@" 2>&1) || fail "$* (status $?): $output"
}

# resolve NAME: REPLY is mdN of the container or volume, by mdadm's map (after a reassembly mdadm may add _0 to a name)
resolve() {
    local device link
    while read -r device _ _ link; do
        case $link in
            "/dev/md/$1" | "/dev/md/$1"_[0-9] | "/dev/md$1")
                if [ -d "/sys/block/$device/md" ]; then REPLY=$device; return 0; fi ;;
        esac
    done </run/mdadm/map
    echo "no array $1" >&2
    return 1
}

# md NAME: the same, printed
md() { resolve "$1" && echo "$REPLY"; }

# in_container MD DISK
in_container() { [ -e "/sys/block/$1/md/dev-$(basename "$2")" ]; }

# attribute NAME ATTRIBUTE: the path of an md attribute of a volume
attribute() { resolve "$1" && echo "/sys/block/$REPLY/md/$2"; }

# get NAME ATTRIBUTE: its value
get() { resolve "$1" && cat "/sys/block/$REPLY/md/$2"; }

# that NAME ATTRIBUTE WORD...: the attribute holds one of the words
that() {
    local attribute=$2
    resolve "$1" || return 1
    shift 2
    is "/sys/block/$REPLY/md/$attribute" "$@"
}

# container_of NAME: mdN of the container that a volume lies in
container_of() {
    local version
    version=$(get "$1" metadata_version)
    version=${version#external:?}
    echo "${version%%/*}"
}

# leg NAME SLOT: the disk in a slot of a volume
leg() { echo "/dev/$(basename "$(readlink -f "/sys/block/$(md "$1")/md/rd$2/block")")"; }

# legs NAME: all of them, in the order of their slots
legs() {
    local slot
    for slot in $(seq 0 $(($(get "$1" raid_disks) - 1))); do
        [ ! -e "$(attribute "$1" "rd$slot")" ] || leg "$1" "$slot"
    done
}

# volume_is NAME STATE...: array_state is one of these
volume_is() { local name=$1; shift; that "$name" array_state "$@"; }

# whole NAME: no leg missing, nothing running
whole() { that "$1" degraded 0 && that "$1" sync_action idle; }

# rest NAME: waits until a volume is whole and clean
rest() {
    that "$1" level raid0 && return 0
    expect 120 whole "$1"
    expect 30 volume_is "$1" clean read-auto readonly
}

# degraded NAME COUNT
degraded() { that "$1" degraded "$2"; }

# bitmap_or_end NAME: from kernel 6.18 on an array has no bitmap before bitmap_type says so, which mdadm (4.6) does not write for these volumes:
# then there is nothing to test, under any supervisor
bitmap_or_end() {
    [ -e "$(attribute "$1" bitmap_type)" ] || return 0
    say "this mdadm gives no bitmap to volumes on this kernel"
    stop_all
    exit 0
}

# without_bitmap_or_end CONTAINER: takes the bitmap of its volume 0 away; mdadm 4.6 takes that policy's number, 0, for an unknown one
without_bitmap_or_end() {
    mdadm --update-subarray=0 --update=no-bitmap "/dev/$1" || end_if_new "this mdadm takes no bitmap away"
}

# end_if_new TEXT [MINOR]: what mdadm has just refused it refuses from 4.MINOR on (4.5 if not given), and the script ends here; one that is older has failed
end_if_new() {
    local minor
    minor=$(mdadm --version 2>&1 | sed -n 's/.* v4\.\([0-9]*\).*/\1/p')
    [ "${minor:-0}" -ge "${2:-5}" ] || fail "$1"
    say "$1"
    stop_all
    exit 0
}

# hold NAME PERCENT: the kernel itself stops the volume's next resync or rebuild there, so that a script can look in peace; 100 lets it go
hold() {
    if [ "$2" = 100 ]; then echo max; else echo $(($(get "$1" component_size) * 2 * $2 / 100 / 256 * 256)); fi >"$(attribute "$1" sync_max)"
}

# completed NAME: REPLY is how many percent of each leg the kernel has done of the resync, rebuild or reshape that runs; 0 without one
completed() {
    local done total
    read -r done _ total <"$(attribute "$1" sync_completed)" || done=none
    case $done in none | delayed) REPLY=0 ;; *) REPLY=$((done * 100 / total)) ;; esac
}

# reached NAME PERCENT
reached() { completed "$1"; [ "$REPLY" -ge "$2" ]; }

# fail_disk NAME DISK: as mdadm does it
fail_disk() { quietly mdadm --fail "/dev/$(md "$1")" "$2"; }

# ---- data -------------------------------------------------------------------------------------------------------

# fill NAME [MEBIBYTES]: random data over the volume (or its beginning), and a copy kept beside it
fill() {
    local name=$1 size
    size=$(blockdev --getsize64 "/dev/$(md "$name")")
    [ $# -lt 2 ] || size=$(($2 << 20))
    head -c "$size" /dev/urandom >"$DATA/$name"
    dd if="$DATA/$name" of="/dev/$(md "$name")" bs=1M oflag=direct conv=notrunc status=none
}

# checksum NAME: of as much of the volume as fill wrote
checksum() {
    dd if="/dev/$(md "$1")" bs=1M iflag=direct,count_bytes count="$(stat -c %s "$DATA/$1")" status=none | sha256sum | cut -c 1-64
}

# longest_write FILE...: REPLY is how many milliseconds the longest write took that load.py tells of in these files
longest_write() {
    local file ms
    REPLY=0
    for file; do
        ms=$(sed -n 's/.*longest \([0-9]*\)\..*/\1/p' "$file")
        [ "$ms" -le "$REPLY" ] || REPLY=$ms
    done
}

# found_ended FILE...: after a mdmon has taken over. It waits 5 s for the end of whom it takes over from, and nobody supervises meanwhile: it must have
# found it ended, and so no write of these waited that long.
found_ended() {
    longest_write "$@"
    [ "$REPLY" -lt 4000 ] || fail "a write waited $REPLY ms"
}

# intact NAME: the volume holds what was written
intact() {
    local wanted got
    wanted=$(sha256sum <"$DATA/$1" | cut -c 1-64)
    got=$(checksum "$1")
    [ "$wanted" = "$got" ] || fail "the data of $1 is not what was written: sha256 $got instead of $wanted"
}

# consistent NAME: a check finds no stripe whose copies or parity disagree
consistent() {
    rest "$1"
    echo check >"$(attribute "$1" sync_action)"
    expect 120 that "$1" sync_action idle
    that "$1" mismatch_cnt 0 || fail "check of $1 found mismatch_cnt $(get "$1" mismatch_cnt), expected 0"
}

# ---- metadata ---------------------------------------------------------------------------------------------------

# examine DISK VOLUME FIELD: REPLY is what mdadm -E says in one field of one volume, or with VOLUME - of the container
examine() {
    local line here=- name
    REPLY=
    while IFS= read -r line; do
        case $line in
            "["*) here=${line#[}; here=${here%%]*} ;;
            *"Disk"[0-9]*" Serial"*) [ "$here" = - ] || here=disk ;;
            *:*)
                name=${line%%:*} name=${name#"${name%%[! ]*}"} name=${name%"${name##*[! ]}"}
                if [ "$name" = "$3" ] && [ "$here" = "$2" ]; then REPLY=${line#*: }; break; fi ;;
        esac
    done < <(mdadm -E "$1" 2>/dev/null || true)
}

# examined DISK VOLUME FIELD: the same, printed
examined() { examine "$@"; echo "$REPLY"; }

# recorded DISK VOLUME FIELD VALUE: mdadm -E says so
recorded() { examine "$1" "$2" "$3"; [ "$REPLY" = "$4" ]; }

# recorded_like DISK VOLUME FIELD PATTERN: the same with a shell pattern
recorded_like() { examine "$1" "$2" "$3"; [[ $REPLY == $4 ]]; }

# recorded_everywhere VOLUME FIELD VALUE DISK...: on each of these disks
recorded_everywhere() {
    local volume=$1 field=$2 value=$3 disk
    shift 3
    for disk; do recorded "$disk" "$volume" "$field" "$value" || return 1; done
}

# dump STEP: mdadm -E of every disk into /out/metadata/SUPERVISOR/STEP/, and what `actorraid examine` says beside it
dump() {
    local directory="/out/metadata/$SUPERVISOR/$1" disk
    mkdir -p "$directory"
    for disk in "${DISKS[@]}"; do
        mdadm -E "$disk" >"$directory/$(basename "$disk")" 2>&1 || true
        [ "$SUPERVISOR" = mdmon ] || actorraid examine "$disk" >"$directory/$(basename "$disk").examine" 2>&1 || true
    done
}

# ---- stopping and assembling ------------------------------------------------------------------------------------

# stop MD: mdadm -S. mdadm opens a volume once more after its supervisor has cleared it, and calls it busy when it comes
# upon md's removal of it; the volume has stopped all the same. It has as well when mdadm dies of a broken pipe (status 141) because
# mdmon, with its last volume gone, left while mdadm was speaking to it.
stop() {
    local output status=0
    output=$(mdadm -S "/dev/$1" 2>&1) || status=$?
    [ "$status" != 0 ] || return 0
    [[ $output == *"failed to completely stop"* || ( $SUPERVISOR == mdmon* && $status == 141 ) ]] ||
        fail "mdadm -S /dev/$1 (status $status): $output"
    expect 5 has_stopped "$1"
}
# md may be just about to remove it
has_stopped() { is "/sys/block/$1/md/array_state" clear || [ ! -e "/sys/block/$1/md/array_state" ]; }

# stop_volume NAME
stop_volume() { settle; stop "$(md "$1")"; settle; }

# stop_all: every volume, then every container; their supervisors must go by themselves
stop_all() {
    local version device
    settle
    for version in /sys/block/md*/md/metadata_version; do
        [ -e "$version" ] || continue
        device=${version#/sys/block/}; device=${device%%/*}
        case $(cat "$version") in external:[/-]*) stop "$device" ;; esac
    done
    settle
    for version in /sys/block/md*/md/metadata_version; do
        [ -e "$version" ] || continue
        device=${version#/sys/block/}; device=${device%%/*}
        stop "$device"
    done
    settle
    for device in /run/mdadm/md*.pid; do
        [ ! -e "$device" ] || expect 30 not test -e "$device"
    done
}

# assemble NAME DISK...: container and volumes from the disks named
assemble() {
    local name=$1
    shift
    quietly mdadm -A "/dev/md/$name" "$@"
    quietly mdadm -I "/dev/$(md "$name")"
    settle
}

# assemble_one_by_one DISK...: as udev does it, with mdadm -I for each disk. Its status tells nothing here: it is not 0
# as long as disks are missing.
assemble_one_by_one() {
    local disk
    for disk; do mdadm -I "$disk" 2>&1 || true; done
    settle
}

# adopt HOME DISK: a disk that is no member comes (back) into the container as a spare. A lone spare may have assembled into
# a container of its own.
adopt() {
    local own
    in_container "$1" "$2" && return 0
    for own in /sys/block/md*/md; do
        [ ! -e "$own/dev-$(basename "$2")" ] || quietly mdadm -S "/dev/$(basename "$(dirname "$own")")"
    done
    settle
    mdadm --zero-superblock "$2" 2>&1 || true
    # udev looks at a disk that was written, with mdadm -I, and mdadm --add wants it for itself.
    settle
    quietly mdadm --add "/dev/$1" "$2"
    settle
}

# ---- supervisors ------------------------------------------------------------------------------------------------

# supervisor NAME: the pid of the process that supervises a container (mdN or its name). The number in the pid file may be a thread's.
supervisor() {
    local device=$1 number key value
    case $device in md[0-9]*) ;; *) device=$(md "$device") ;; esac
    read -r number <"/run/mdadm/$device.pid"
    [ ! -e "/proc/$number/status" ] || while read -r key value _; do
        [ "$key" != Tgid: ] || { echo "$value"; return; }
    done <"/proc/$number/status"
    echo "$number"
}

# supervised CONTAINER: there is such a process
supervised() { kill -0 "$(supervisor "$1")"; }

# supervised_by CONTAINER PID
supervised_by() { [ "$(supervisor "$1")" = "$2" ] && kill -0 "$2"; }

# supervisor_kill CONTAINER: kill -9, and it is gone
supervisor_kill() {
    local pid
    pid=$(supervisor "$1")
    kill -9 "$pid"
    expect 10 ended "$pid"
}

# supervisor_start CONTAINER...: as mdadm starts it
supervisor_start() {
    local name device
    for name; do
        device=$name
        case $device in md[0-9]*) ;; *) device=$(md "$device") ;; esac
        mdmon "$device" || fail "mdmon $device ended with status $?"
        expect 10 supervised "$device"
    done
}

# supervisor_rests CONTAINER SECONDS: it takes little processor time meanwhile, and writes next to no log. (Where the machine is busy the guest counts more than was used.)
supervisor_rests() {
    local stat="/proc/$(supervisor "$1")/stat" before lines
    before=$(awk '{ print $14 + $15 }' "$stat") lines=$(wc -l <"$ACTORRAID_LOG")
    pause "$2"
    before=$(($(awk '{ print $14 + $15 }' "$stat") - before)) lines=$(($(wc -l <"$ACTORRAID_LOG") - lines))
    say "in $2 s: $((before * 10)) ms of processor time, $lines lines of log"
    [ "$before" -lt $(($2 * 30)) ] && [ "$lines" -lt 10 ] || fail "the supervisor does not rest"
}

# hooks_on SETTINGS EVENT...: ActorRaid, when it is started or reloads, has these settings ("KEY": VALUE, or nothing) and a hook on these events, which
# leaves a line for each in /out/hooks (event and devices) and what it is told in /out/hooks.json
hooks_on() {
    local settings=$1 events
    shift
    events=$(printf ', "%s"' "$@")
    printf '%s\n' '#!/bin/sh' 'echo "$*" >>/out/hooks' 'cat >>/out/hooks.json' >/run/hook
    chmod +x /run/hook
    : >>/out/hooks
    export ACTORRAID_CONFIG=/out/actorraid.json
    echo "{ ${settings:+$settings, }\"hooks\": [{ \"on\": [${events#, }], \"run\": [\"/run/hook\"] }] }" >"$ACTORRAID_CONFIG"
}

# ---- what people see --------------------------------------------------------------------------------------------

# in_terminal COMMAND: runs in a terminal of its own, until `tmux -L lab kill-server`
in_terminal() { TERM=xterm tmux -L lab new-session -d -x 150 -y 30 "$1"; }

# terminal_shows PATTERN: that terminal holds it now (and /out/watch.txt what it holds)
terminal_shows() { tmux -L lab capture-pane -p >/out/watch.txt && [[ $(</out/watch.txt) == $1 ]]; }

# ---- with systemd (lab -s) --------------------------------------------------------------------------------------

# next_boot: the guest shuts down and boots again, and the script is run again with BOOT one higher
next_boot() { : >/out/next-boot; exit 0; }

# property NAME: of actorraid.service
property() { systemctl show --value --property="$1" actorraid.service; }
# by_service CONTAINER: it is supervised by the service's main process, and that is in the service's own group of processes
by_service() {
    local pid
    pid=$(supervisor "$1")
    [ "$(property ActiveState)" = active ] && [ "$(property MainPID)" = "$pid" ] && has "/proc/$pid/cgroup" /actorraid.service
}

# was_clean: this boot found every array clean
was_clean() {
    dmesg >/out/dmesg.boot
    ! grep -E '(resync|recovery) of RAID|reconstruction|not clean' /out/dmesg.boot || fail "an array was not clean after the shutdown"
}

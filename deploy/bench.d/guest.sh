#!/bin/bash
# The guest's part of deploy/bench: the distribution's mdmon and ActorRaid in turn on the same disks. Leaves
# /out/figures: lines of SUPERVISOR WHAT DISKS DELAY VALUE.
. "$LAB/guest-lib.sh"
MEASURE="python3 $PWD/measure.py"
ROUNDS=${ROUNDS:-3} WRITES=${WRITES:-5}
export ACTORRAID_LOG=

# use WHO: from now on mdadm starts this one
use() {
    SUPERVISOR=$1
    case $1 in
        mdmon*) ln -sf "$DISTRIBUTION" /sbin/mdmon ;;
        actorraid) ln -sf "$OURS" /sbin/mdmon ;;
    esac
}

# figure WHAT DISKS DELAY: each line of the input is a value
figure() {
    local value
    while read -r value; do echo "$SUPERVISOR $1 $2 $3 $value" | tee -a /out/figures; done
}

# slow DISK NUMBER: a device-mapper target over a disk whose writes take 8 ms
slow() { dmsetup create "slow$2" --table "0 $(blockdev --getsz "$1") delay $1 0 0 $1 0 8"; }

# take_over WHO CONTAINER_DISKS...: the arrays are stopped, under whoever supervises them, and assembled again under this one
take_over() {
    local who=$1
    shift
    sleep 1 # what was begun is written
    stop_all
    use "$who"
    assemble bench "$@"
    expect 30 md vol
    echo 0.2 >"$(attribute vol safe_mode_delay)"
    dd if=/dev/zero of="/dev/$(md vol)" bs=4k count=1 oflag=direct status=none # out of read-auto
    rest vol
}

# writes KIND LEGS LEVEL DELAY DISK...: the first write after a rest, in turns; KIND: rest or rest-old
writes() {
    local kind=$1 legs=$2 level=$3 delay=$4 round who
    shift 4
    use mdmon
    container bench "$@"
    volume vol "$level" "$legs" 16M bench
    rest vol
    for round in $(seq "$ROUNDS"); do
        for who in mdmon actorraid mdmon-again; do
            take_over "$who" "$@"
            # The first write after a start finds cold caches; it is not what an array waits for day by day.
            $MEASURE rest "$(md vol)" 1 >/dev/null
            $MEASURE rest "$(md vol)" "$WRITES" | figure "$kind" "$legs" "$delay"
            [ "$kind" = rest ] || continue
            rest vol
            $MEASURE update "$(md bench)" $((WRITES + 1)) >/tmp/updates # an even number: the policy is what it was
            cut -d ' ' -f 1 /tmp/updates | figure acknowledged "$legs" "$delay"
            cut -d ' ' -f 2 /tmp/updates | figure recorded "$legs" "$delay"
        done
    done
}

# failures DELAY DISK...: five disks, one of them the spare; the failed one becomes the spare of the next turn
failures() {
    local delay=$1 round who lost disk
    shift
    for round in $(seq "$ROUNDS"); do
        for who in mdmon actorraid; do
            take_over "$who" "$@"
            for disk; do adopt "$(md bench)" "$disk"; done # a spare that is no member yet does not assemble with the others
            lost=$(leg vol 1)
            $MEASURE fail "$(md vol)" "$(basename "$lost")" | { read -r unblocked; read -r recovery
                echo "$unblocked" | figure unblocked 4 "$delay"
                echo "$recovery" | figure recovery 4 "$delay"; }
            rest vol
            expect 30 not test -e "/sys/block/$(md vol)/md/dev-$(basename "$lost")"
            quietly mdadm "/dev/$(md bench)" --remove "$lost"
            settle
            mdadm --zero-superblock "$lost" >/dev/null 2>&1 || dd if=/dev/zero of="$lost" bs=64k seek=$(($(blockdev --getsize64 "$lost") / 65536 - 1)) count=1 status=none
            quietly mdadm "/dev/$(md bench)" --add "$lost"
            settle
        done
    done
}

# starts: kill -9, and how long until it supervises again
starts() {
    local round who
    for round in $(seq "$ROUNDS"); do
        for who in mdmon actorraid; do
            take_over "$who" "$@"
            supervisor_kill bench
            $MEASURE start "$(md bench)" | figure start 4 0
        done
    done
}

# memory COUNT: that many containers of two disks, a RAID1 volume in each
memory() {
    local count=$1 who first number
    for who in mdmon actorraid; do
        use "$who"
        for number in $(seq 0 $((count - 1))); do
            first=$((MEMORY_FIRST + 2 * number))
            container "m$number" "${DISKS[first]}" "${DISKS[first + 1]}"
            volume "v$number" 1 2 8M "m$number"
        done
        sleep 5 # not "at rest": mdmon now and then leaves a volume write-pending after a short resync
        $MEASURE memory | figure "memory-$count" 2 0
        stop_all
        for number in $(seq 0 $((2 * count - 1))); do
            mdadm --zero-superblock "${DISKS[MEMORY_FIRST + number]}" >/dev/null 2>&1 || true
        done
    done
}

DISTRIBUTION=/sbin/mdmon.distrib
OURS=$PUBLISHED_IN_GUEST/mdmon
[ -x "$DISTRIBUTION" ] && [ ! -L "$DISTRIBUTION" ] || fail "$DISTRIBUTION is not the distribution's mdmon"
rm -f /out/figures
# Disks as they are sold: sectors of 512 bytes on physical ones of 4096. Loop devices have physical ones of 512: "old" disks.
insmod /lab/modules/"$(uname -r)"/kernel/drivers/block/brd.ko rd_nr=8 rd_size=49152
settle
plain=(/dev/ram{0..7})
disks 8 48M
old=("${DISKS[@]}")
delayed=() old_delayed=()

# wipe DISK...: as new
wipe() { stop_all; for disk; do mdadm --zero-superblock "$disk" >/dev/null 2>&1 || true; done; }

for kind in plain delayed; do
    declare -n set=$kind
    delay=0
    if [ "$kind" = delayed ]; then
        delay=8
        for number in "${!plain[@]}"; do
            slow "${plain[number]}" "$number"
            delayed+=("$(readlink -f "/dev/mapper/slow$number")")
            slow "${old[number]}" "old$number"
            old_delayed+=("$(readlink -f "/dev/mapper/slowold$number")")
        done
        settle
    fi
    writes rest 2 1 "$delay" "${set[@]:0:2}"
    wipe "${set[@]:0:2}"
    writes rest 4 5 "$delay" "${set[@]:0:5}"
    failures "$delay" "${set[@]:0:5}"
    if [ "$delay" = 0 ]; then starts "${set[@]:0:5}"; fi
    wipe "${set[@]:0:5}"
    writes rest 8 5 "$delay" "${set[@]:0:8}"
    wipe "${set[@]:0:8}"
done
for legs in 4 8; do
    writes rest-old "$legs" 5 8 "${old_delayed[@]:0:legs}"
    wipe "${old_delayed[@]:0:legs}"
done
MEMORY_FIRST=${#DISKS[@]}
disks 32 24M
memory 1
memory 16
say "THE END"

# What the scripts of deploy/bench have in common. Figures are lines of SUPERVISOR WHAT DISKS DELAY VALUE in /out/figures.
. "$LAB/guest-lib.sh"
MEASURE="python3 $PWD/measure.py"
ROUNDS=${ROUNDS:-3} WRITES=${WRITES:-5}
export ACTORRAID_LOG=

DISTRIBUTION=/sbin/mdmon.distrib
OURS=$PUBLISHED_IN_GUEST/mdmon
[ -x "$DISTRIBUTION" ] && [ ! -L "$DISTRIBUTION" ] || fail "$DISTRIBUTION is not the distribution's mdmon"
rm -f /out/figures

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

# ram_disks COUNT: /dev/ram0, ...: disks as they are sold, with sectors of 512 bytes on physical ones of 4096
ram_disks() {
    insmod "$(find "/lab/modules/$(uname -r)" -name "brd.ko*" | head -n 1)" rd_nr="$1" rd_size=49152
    settle
}

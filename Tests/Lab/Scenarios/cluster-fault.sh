#!/bin/bash
# Whatever etcd does, supervision does not notice: what a first write to an idle array waits for, with no gateway, and with one whose etcd takes
# connections and answers nothing, answers without end, or answers nonsense. In turns, in one guest: medians and ratios side by side.
. "$LAB/guest-lib.sh"
ROUNDS=${ROUNDS:-3} WRITES=${WRITES:-8}
scripts=$(pwd)
gateway=/lab/published/gateway/actorraid-gateway
[ -x "$gateway" ] || fail "$gateway is not there: deploy/publish makes it"

cat >/tmp/first-writes.py <<'P'
import mmap, os, sys, time
array, count = sys.argv[1], int(sys.argv[2])
buffer = mmap.mmap(-1, 4096)
buffer.write(b"\x5a" * 4096)
device = os.open(f"/dev/{array}", os.O_WRONLY | os.O_DIRECT)
for number in range(count):
    end = time.monotonic() + 60
    while open(f"/sys/block/{array}/md/array_state").read().strip() != "clean":
        if time.monotonic() > end:
            sys.exit("it does not become clean")
        time.sleep(0.01)
    time.sleep(0.5)
    since = time.monotonic()
    os.pwrite(device, buffer, 4096 * number)
    print(int((time.monotonic() - since) * 1e6))
P

disks 4 48M
container bench "${DISKS[@]}"
volume vol 5 4 16M bench
rest vol
echo 0.2 >"$(attribute vol safe_mode_delay)"
before=$(supervisor bench)
python3 /tmp/first-writes.py "$(md vol)" 2 >/dev/null # cold caches

# turn WHAT: the writes, with what is running now
turn() { python3 /tmp/first-writes.py "$(md vol)" "$WRITES" >>"/tmp/times.$1" || fail "the writes did not go through: $1"; }

port=2379
for round in $(seq "$ROUNDS"); do
    turn none
    for lie in hole endless nonsense; do
        port=$((port + 1))
        rm -f /tmp/lies
        python3 "$scripts/lying-etcd.py" "$port" "$lie" &
        liar=$!
        cat >/tmp/gateway.json <<J
{ "listen": ["127.0.0.1:$((port + 1000))"], "cluster": { "endpoints": ["http://127.0.0.1:$port"], "host": "guest", "leaseSeconds": 3 } }
J
        "$gateway" gateway --config /tmp/gateway.json >>/out/gateway.log 2>&1 &
        served=$!
        expect 60 test -s /tmp/lies
        pause 3 # the program's own start is no matter of etcd
        turn "$lie"
        kill -0 "$served" || fail "the gateway ended: $lie"
        kill "$served" "$liar"
        wait "$served" "$liar" 2>/dev/null || true
    done
done
[ "$(supervisor bench)" = "$before" ] || fail "another process supervises now"
has /out/gateway.log "cluster: " || fail "the gateway told nothing of its trouble with etcd"

median() { sort -n "/tmp/times.$1" | sed -n "$(($(wc -l <"/tmp/times.$1") / 2 + 1))p"; }
base=$(median none)
say "$(printf '%-10s %8s us  %5s' etcd median ratio)"
for what in none hole endless nonsense; do
    value=$(median "$what")
    say "$(printf '%-10s %8d us  %d.%02d' "$what" "$value" $((value / base)) $((value * 100 / base % 100)))"
    # The guest has one processor, and the liar and the gateway are on it too.
    [ "$value" -le $((base * 2 + 2000)) ] || fail "with $what a first write takes $value us, without a gateway $base us"
done

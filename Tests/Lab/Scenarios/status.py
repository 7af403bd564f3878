"""What status.sh checks of JSON and of clients: status.py CHECK ARGUMENT..., JSON on standard input."""
import json, os, socket, sys, time

PATH = "/run/actorraid/control.sock"
STATUS = b'{"version":1,"ask":"status"}\n'


def check(truth, *found):
    if not truth:
        sys.exit("not so: " + " ".join(map(str, found)))


def whole(array, home):
    status = json.load(sys.stdin)
    (container,), = status["containers"],
    (volume,), = container["arrays"],
    check(status["health"] == volume["health"] == "ok", status["health"], volume["health"])
    check((container["name"], container["format"]) == (home, "imsm") and container["generation"] > 0, container)
    check((volume["name"], volume["volumeName"], volume["level"], volume["raidDisks"], volume["missing"]) == (array, "vol0", "raid5", 3, 0), volume)
    check(volume["sizeBytes"] == 32 << 20 and volume["state"] in ("clean", "active") and volume["mismatchSectors"] == 0, volume)
    check([leg["state"] for leg in volume["legs"]] == [["in_sync"]] * 3, volume["legs"])
    check(all(disk["serial"].endswith(disk["name"]) and disk["sizeBytes"] == 48 << 20 for disk in container["disks"]), container["disks"])
    check(sorted(disk["role"] for disk in container["disks"]) == ["member"] * 3 + ["spare"], container["disks"])


def rebuilding(array, home):
    status = json.load(sys.stdin)
    volume = status["containers"][0]["arrays"][0]
    progress = volume["progress"]
    check((status["health"], volume["action"], volume["missing"]) == ("rebuilding", "recover", 1), volume)
    check(0.4 < progress["doneSectors"] / progress["totalSectors"] < 0.6, progress)
    check(volume["checkpointSectors"] > 0, volume)


def events(array, lost):
    told = [json.loads(line) for line in sys.stdin]
    kinds = [e["kind"] for e in told if e.get("array") == array]
    for before, after in zip(("array-supervised", "leg-failed", "leg-removed", "recovery-started", "checkpoint"), ("leg-failed", "leg-removed", "recovery-started", "checkpoint", "array-whole")):
        check(before in kinds and after in kinds and kinds.index(before) < len(kinds) - kinds[::-1].index(after), before, after, kinds)
    numbers = [e["sequence"] for e in told]
    check(numbers == list(range(1, len(numbers) + 1)), numbers)
    failed = next(e for e in told if e["kind"] == "leg-failed")
    check((failed["disk"], failed["level"], failed["from"]) == (lost, "warning", "in_sync") and failed["cause"] and failed["wrote"], failed)
    written = [e for e in told if e["kind"] == "metadata-written"]
    check(written and all("generation" in e["wrote"] and e["microseconds"] > 0 for e in written), written)
    first = next(e for e in told if e["kind"] == "array-state" and e["to"] == "write-pending")
    check(first["cause"] == "a writer waits" and "active to array_state" in first["wrote"] and first["microseconds"] > 0, first)


def hooks():
    notices = [json.loads(line) for line in sys.stdin]
    check(notices[-1]["event"] == "TestMessage" and notices[-1]["test"] and not notices[0]["test"], notices[-1])


def connect():
    client = socket.socket(socket.AF_UNIX)
    client.connect(PATH)
    client.settimeout(20)
    return client


def ask(request=STATUS, client=None):
    with client or connect() as client:
        try:
            client.sendall(request)
        except BrokenPipeError:
            pass  # Closed by the daemon, which has said why.
        with client.makefile() as answer:
            return json.loads(answer.readline())


def asked_as(user, group, groups, request):
    """What another user gets: the answer's error code, ok, or why he did not get in."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setgroups(groups)
        os.setgid(group)
        os.setuid(user)
        try:
            answer = ask(request)
            said = answer.get("error", {"code": "ok"})["code"]
        except OSError as e:
            said = type(e).__name__
        os.write(writer, said.encode())
        os._exit(0)
    os.wait()
    os.close(writer)
    with os.fdopen(reader) as said:
        return said.read()


def clients(group, device):
    group = int(group)
    test = b'{"version":1,"ask":"test-hooks","about":"TestMessage"}\n'
    for user, own, others, request, wanted in (
        (0, 0, [], test, "ok"), (1234, 1234, [], STATUS, "PermissionError"), (1234, group + 1, [group + 2], STATUS, "PermissionError"),
        (1234, group, [], STATUS, "ok"), (1234, 1234, [group], STATUS, "ok"), (1234, 1234, [group], test, "not-allowed")):
        got = asked_as(user, own, others, request)
        check(got == wanted, "user", user, "group", own, others, "was told", got, "not", wanted)
    # Somebody who gets as far as the socket (by a descriptor, or a mode that an admin has changed) is asked who he is.
    os.chmod("/run/actorraid", 0o755)
    os.chmod(PATH, 0o666)
    got = asked_as(1234, 1234, [], STATUS)
    check(got == "not-allowed", "a stranger was told", got)
    os.chmod(PATH, 0o660)
    os.chmod("/run/actorraid", 0o710)

    check(ask(b"x" * 5000 + b"\n")["error"]["code"] == "too-long")
    check(ask(b"nonsense\n")["error"]["code"] == "bad-request")
    idle = [connect() for _ in range(500)]
    check(ask()["status"]["health"] == "ok", "with 500 idle clients")
    for client in idle:
        client.close()

    slow = connect()
    slow.setblocking(False)
    began, dropped, longest = time.monotonic(), False, 0
    with open(device, "rb+", buffering=0) as disk:
        first = disk.read(4096)
        while not dropped and time.monotonic() - began < 30:
            try:
                while slow.send(STATUS * 20) > 0:
                    pass
            except BlockingIOError:
                pass
            except OSError:
                dropped = True
            at = time.monotonic()
            disk.seek(0)
            disk.write(first)
            os.fsync(disk.fileno())
            longest = max(longest, time.monotonic() - at)
            check("status" in ask(), "while a client does not read")
            time.sleep(0.2)
    check(dropped, "a client that did not read was not dropped")
    print(f"a client that did not read was dropped after {time.monotonic() - began:.1f} s; the longest write meanwhile took {longest * 1000:.0f} ms")


globals()[sys.argv[1]](*sys.argv[2:])

"""successor.py SOCKET STEP WAY: begins a handoff as a daemon that takes over would, up to STEP (hello, take, prepared, mine, second), and then gives
up: WAY is die (kill -9), stall (says nothing more and waits to be dealt with), nonsense, or version (its hello names another version).
Prints what it saw last; ends with status 0 unless it was killed."""
import array
import json
import os
import signal
import socket
import struct
import sys
import time

path, step, way = sys.argv[1:4]
link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
link.settimeout(20)
link.connect(path)
files = []


def send(kind, **fields):
    body = json.dumps({"type": kind, **fields}).encode()
    link.sendall(struct.pack("<i", len(body)) + body)


def receive():
    got = b""
    while len(got) < 4 or len(got) < 4 + struct.unpack("<i", got[:4])[0]:
        more, ancillary, _, _ = link.recvmsg(65536, socket.CMSG_SPACE(128 * 4))
        if not more:
            raise EOFError("closed")
        got += more
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                files.extend(array.array("i", data[: len(data) // 4 * 4]))
    message = json.loads(got[4:])
    print(message["type"], f"with {len(files)} descriptors" if message["type"] == "snapshot" else "", flush=True)
    return message


def give_up():
    if way == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "nonsense":
        send("grab")
        print(receive().get("Reason"))
        sys.exit(0)
    begin = time.monotonic()
    try:
        link.settimeout(30)
        while True:
            receive()
    except EOFError:
        print(f"closed after {time.monotonic() - begin:.1f} s")
    sys.exit(0)


def reached(here):
    if step == here:
        give_up()


send("hello", Protocol=2 if way == "version" else 1, Program="test")
welcome = receive()
if way == "version":
    print(welcome["Reason"])
    sys.exit(0 if welcome["type"] == "refused" else 1)
reached("hello")
for number, container in enumerate(welcome["Containers"]):
    send("take", Container=container)
    snapshot = receive()
    assert snapshot["type"] == "snapshot" and files, snapshot
    reached("take" if number == 0 else "second")
    send("prepared")
    assert receive()["type"] == "go"
    reached("prepared")
    send("mine")
    reached("mine")

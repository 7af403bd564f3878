"""clients.py SOCKET COUNT SEED: COUNT broken clients of the monitor's socket, some at a time, then a right one, which must get its
answers. Prints what it did; exit status 1 if the right client is not served."""
import random
import socket
import struct
import sys
import time

path, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
START, END = 0x5A5AA5A5, 0xA5A55A5A


def connect():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)  # waits while the backlog is full
    client.settimeout(30)
    return client


def message(body=b"", length=None):
    return struct.pack("<Ii", START, len(body) if length is None else length) + body + struct.pack("<I", END)


BROKEN = {
    "bad magic": lambda: struct.pack("<Ii", chance.getrandbits(32) & 0x7FFFFFFF, 4) + b"abcd" + struct.pack("<I", END),
    "huge length": lambda: struct.pack("<Ii", START, 0x7FFFFFFF),
    "too long": lambda: struct.pack("<Ii", START, (4 << 20) + 1) + b"x" * 4096,
    "negative length": lambda: struct.pack("<Ii", START, -chance.randint(2, 1 << 31)),
    "silence": lambda: b"",
    "half a header": lambda: struct.pack("<I", START)[: chance.randint(1, 3)],
    "half a body": lambda: struct.pack("<Ii", START, 1000) + b"y" * chance.randint(0, 999),
    "bad end": lambda: struct.pack("<Ii", START, 0) + struct.pack("<I", chance.getrandbits(31)),
    "noise": lambda: chance.randbytes(chance.randint(1, 5000)),
    "unknown update": lambda: message(struct.pack("<I", 0x7F000000 + chance.getrandbits(8)) + chance.randbytes(60)),
    "short update": lambda: message(struct.pack("<I", chance.randint(0, 11))[: chance.randint(1, 4)]),
    "ping without reading": lambda: message() * chance.randint(1, 20),
}
done = {name: 0 for name in BROKEN}
held = []
for i in range(count):
    name = chance.choice(list(BROKEN))
    try:
        client = connect()
        data = BROKEN[name]()
        if data:
            client.sendall(data)
        # Some hang up at once, some stay and say nothing more.
        if chance.random() < 0.5:
            client.close()
        else:
            held.append(client)
    except OSError as reason:
        done[str(reason)] = done.get(str(reason), 0) + 1
        continue
    done[name] += 1
    while len(held) > 20:
        held.pop(0).close()
print(done, flush=True)

client = connect()
began = time.monotonic()


def answer(request):
    client.sendall(message(length=request) if request < 0 else message())
    head = b""
    while len(head) < 8:
        got = client.recv(8 - len(head))
        if not got:
            sys.exit("the right client's connection was closed")
        head += got
    magic, length = struct.unpack("<Ii", head)
    rest = b""
    while len(rest) < max(length, 0) + 4:
        got = client.recv(max(length, 0) + 4 - len(rest))
        if not got:
            sys.exit("the right client's connection was closed")
        rest += got
    if magic != START or struct.unpack("<I", rest[-4:])[0] != END:
        sys.exit("the answer's magic numbers are wrong")
    return rest[:-4]


version = answer(0)
if not version.startswith(b"mdadm - v"):
    sys.exit("ping monitor answered %r" % version)
if answer(-1) != b"":
    sys.exit("ping manager did not answer with length 0")
print("right client served in %.3f s: %s" % (time.monotonic() - began, version.rstrip(b"\n\0").decode()))
for client in held:
    client.close()

"""ping.py SOCKET PIDFILE STOP: asks a container's monitor as mdadm does, a ping to the monitor and one to the manager in turn, until the file STOP
exists (three at least): on a new connection each time, and on one that is kept. Each time the pid file must name a living process. Prints how many, and how many
milliseconds they took: the median and the longest. Exit status 1 with the reason when one was not answered as it should be."""
import os
import socket
import struct
import sys
import time

path, pid_file, stop = sys.argv[1:4]
START, END = 0x5A5AA5A5, 0xA5A55A5A


def connect():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(30)
    client.connect(path)
    return client


def read(client, count):
    got = b""
    while len(got) < count:
        more = client.recv(count - len(got))
        if not more:
            raise ConnectionError(f"closed after {len(got)} of {count} bytes")
        got += more
    return got


def ask(client, length):
    client.sendall(struct.pack("<Ii", START, length) + struct.pack("<I", END))
    start, size = struct.unpack("<Ii", read(client, 8))
    body = read(client, max(size, 0))
    (end,) = struct.unpack("<I", read(client, 4))
    if start != START or end != END or (length == 0) != body.startswith(b"mdadm - v"):
        raise ValueError(f"answer {start:x} {size} {body!r} {end:x}")


times = []
kept, used = connect(), time.monotonic()
try:
    while len(times) < 3 or not os.path.exists(stop):
        begin = time.monotonic()
        if len(times) % 3 == 2:
            # Who says nothing for three seconds is closed, and this machine may stall for so long.
            if begin - used > 2:
                kept.close()
                kept = connect()
            ask(kept, 0)
            used = time.monotonic()
        else:
            with connect() as client:
                ask(client, 0 if len(times) % 3 == 0 else -1)
        times.append((time.monotonic() - begin) * 1000)
        with open(pid_file) as file:
            os.kill(int(file.read()), 0)
        time.sleep(0.02)
except (OSError, ValueError) as error:
    print(f"ping {len(times)}: {type(error).__name__}: {error}")
    sys.exit(1)
times.sort()
print(f"{len(times)} pings, median {times[len(times) // 2]:.1f} ms, longest {times[-1]:.1f} ms")

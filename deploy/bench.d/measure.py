#!/usr/bin/env python3
"""Times what a supervisor makes its users wait for; runs inside the lab's guest.

measure.py rest ARRAY COUNT            ms of each of COUNT 4 KiB O_DIRECT writes to an array whose metadata is at rest
measure.py fail ARRAY LEG              ms from `faulty` to the write that follows it, and ms until recovery has started
measure.py start CONTAINER             ms that `mdmon CONTAINER` takes to say that the container is supervised
measure.py update CONTAINER COUNT      ms from an update sent to acknowledged, and to on disk (a ping answered), for each of COUNT
measure.py memory                      KiB resident of all supervisors together

Prints one number on a line (fail: two, on two lines; update: two on each line)."""
import glob
import mmap
import os
import socket
import struct
import subprocess
import sys
import time

WAIT = 60.0


def read(path):
    with open(path) as file:
        return file.read().strip()


def wait(what, condition):
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"measure.py: {what} did not come within {WAIT:.0f} s")
        time.sleep(0.001)


def milliseconds(since):
    return (time.monotonic() - since) * 1000


def block():
    buffer = mmap.mmap(-1, 4096)  # page-aligned, as O_DIRECT wants it
    buffer.write(b"\x5a" * 4096)
    return buffer


def rest(array, count):
    md = f"/sys/block/{array}/md"
    buffer = block()
    device = os.open(f"/dev/{array}", os.O_WRONLY | os.O_DIRECT)
    for number in range(count):
        wait("clean", lambda: read(f"{md}/array_state") == "clean")
        time.sleep(0.7)  # the last of the metadata goes to the disks
        since = time.monotonic()
        os.pwrite(device, buffer, 4096 * number)
        print(f"{milliseconds(since):.3f}")


def fail(array, leg):
    md = f"/sys/block/{array}/md"
    buffer = block()
    device = os.open(f"/dev/{array}", os.O_WRONLY | os.O_DIRECT)
    os.pwrite(device, buffer, 0)  # the array is active: what is timed is the failure alone
    since = time.monotonic()
    with open(f"{md}/dev-{leg}/state", "w") as state:
        state.write("faulty")
    os.pwrite(device, buffer, 0)
    print(f"{milliseconds(since):.3f}")
    wait("recovery", lambda: read(f"{md}/sync_action") == "recover")
    print(f"{milliseconds(since):.3f}")


def update(container, count):
    def send(connection, payload):
        connection.sendall(struct.pack("<Ii", 0x5A5AA5A5, len(payload)) + payload + struct.pack("<I", 0xA5A55A5A))
        _, length = struct.unpack("<Ii", connection.recv(8, socket.MSG_WAITALL))
        connection.recv(max(length, 0) + 4, socket.MSG_WAITALL)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(f"/run/mdadm/{container}.sock")
        for number in range(count):
            # The write-hole policy of volume 0, off, with room for PPL and without: both mean nothing to a running array.
            since = time.monotonic()
            send(connection, struct.pack("<Iii", 11, 0 if number % 2 else 5, 0))
            acknowledged = milliseconds(since)
            send(connection, b"")
            print(f"{acknowledged:.3f} {milliseconds(since):.3f}")
            time.sleep(0.3)


def start(container):
    since = time.monotonic()
    subprocess.run(["/sbin/mdmon", container], check=True)
    print(f"{milliseconds(since):.3f}")


def memory():
    # Several pid files may name threads of one process.
    sizes = {}
    for path in glob.glob("/run/mdadm/md*.pid"):
        with open(f"/proc/{read(path)}/status") as file:
            status = dict(line.split(":", 1) for line in file)
        sizes[status["Tgid"]] = int(status["VmRSS"].split()[0])
    print(sum(sizes.values()))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "rest":
        rest(arguments[0], int(arguments[1]))
    elif command == "fail":
        fail(*arguments)
    elif command == "update":
        update(arguments[0], int(arguments[1]))
    elif command == "start":
        start(*arguments)
    elif command == "memory":
        memory()
    else:
        sys.exit(__doc__)

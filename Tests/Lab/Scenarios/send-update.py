#!/usr/bin/env python3
"""send-update.py CONTAINER BEFORE AFTER DISK...: what mdadm sends the monitor for --grow --raid-devices (struct
imsm_update_reshape), and then a ping: when this ends well, the update is on the disks."""
import os
import socket
import struct
import sys

START, END = 0x5A5AA5A5, 0xA5A55A5A


def message(payload):
    return struct.pack("<Ii", START, len(payload)) + payload + struct.pack("<I", END)


def received(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            sys.exit(f"send-update.py: the connection was closed after {len(data)} of {length} bytes")
        data += part
    return data


def answer(connection):
    magic, length = struct.unpack("<Ii", received(connection, 8))
    payload = received(connection, max(length, 0))
    (end,) = struct.unpack("<I", received(connection, 4))
    if (magic, end) != (START, END):
        sys.exit(f"send-update.py: the answer is framed by {magic:#x} and {end:#x}")
    return payload


container, before, after, *disks = sys.argv[1:]
devices = [os.stat(disk).st_rdev for disk in disks]
update = struct.pack("<Iii", 5, int(before), int(after))
update += b"".join(struct.pack("<i", os.major(device) << 8 | os.minor(device)) for device in devices)
with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
    connection.settimeout(30)
    connection.connect(f"/run/mdadm/{container}.sock")
    for payload in (update, b""):
        connection.sendall(message(payload))
        answer(connection)

#!/usr/bin/env python3
"""lying-etcd.py PORT hole|endless|nonsense: listens where a gateway expects etcd, and takes every connection. hole: answers nothing.
endless: answers without end, as fast as it can. nonsense: answers what is no JSON. Counts connections in /tmp/lies."""
import socket
import sys
import threading

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
piece = b"9" * 65536
kept = []


def serve(connection, lie):
    try:
        connection.recv(65536)
        if lie == "nonsense":
            connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n<nothing>")
        if lie == "endless":
            connection.sendall(HEAD + b"\r\n")
            while True:
                connection.sendall(piece)
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
while True:
    connection, _ = listener.accept()
    kept.append(connection)  # a hole keeps its connections open
    with open("/tmp/lies", "a") as count:
        count.write("x\n")
    threading.Thread(target=serve, args=(connection, sys.argv[2]), daemon=True).start()

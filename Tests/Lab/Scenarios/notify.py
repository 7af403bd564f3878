"""In systemd's place: notify.py SOCKET FILE writes each message as a line: milliseconds on the clock that systemd uses, and the
message with | between its lines."""
import socket, sys, time

systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
systemd.bind(sys.argv[1])
with open(sys.argv[2], "w", buffering=1) as told:
    while True:
        message = systemd.recv(65536).decode().replace("\n", "|")
        told.write(f"{time.monotonic_ns() // 1000000} {message}\n")

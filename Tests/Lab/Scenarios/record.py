"""record.py FILE: what the daemon tells to a watch and to a follow, each line with the time before it (seconds, monotonic)."""
import select, socket, sys, time


def ask(what):
    daemon = socket.socket(socket.AF_UNIX)
    while True:
        try:
            daemon.connect("/run/actorraid/control.sock")
            break
        except OSError:
            time.sleep(0.1)
    daemon.sendall(b'{"version":1,"ask":"%s"}\n' % what)
    return daemon


rest = {ask(b"watch"): b"", ask(b"follow"): b""}
with open(sys.argv[1], "wb", buffering=0) as told:
    while rest:
        for daemon in select.select(list(rest), [], [])[0]:
            data = daemon.recv(1 << 16)
            if not data:
                del rest[daemon]
                continue
            *lines, rest[daemon] = (rest[daemon] + data).split(b"\n")
            for line in lines:
                told.write(b"%.3f %s\n" % (time.monotonic(), line))

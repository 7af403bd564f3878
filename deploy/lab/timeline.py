"""timeline.py OUT: what happened in a guest, by time: the script's steps (OUT/timeline), what the kernel said (OUT/dmesg.log, placed in
time by OUT/clock) and what the supervisor logged (OUT/actorraid.log). One line each: seconds since the first step, who, what."""
import datetime
import os
import re
import sys

out = sys.argv[1]
NOISE = re.compile(r"block device autoloading|detected capacity change|operation not supported|^loop: |^device-mapper|^systemd-udevd")


def lines(name):
    path = os.path.join(out, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


events = []
for line in lines("timeline"):
    when, _, text = line.split(" ", 2)
    events.append((float(when), 0, "story", text))
first = events[0][0] if events else 0.0

for line in lines("actorraid.log"):
    head, _, text = line.partition(" ")
    try:
        when = datetime.datetime.fromisoformat(head.replace("Z", "+00:00")).timestamp()
    except ValueError:
        when, text = (events[-1][0] if events else first), line
    events.append((when, 1, "ActorRaid", text.strip()))

clock = lines("clock")
if clock:
    now, uptime = map(float, clock[0].split()[:2])
    for line in lines("dmesg.log"):
        found = re.match(r"\[ *([0-9.]+)\] (.*)", line)
        if found and not NOISE.search(found[2]):
            events.append((now - uptime + float(found[1]), 2, "kernel", found[2]))

# The kernel's clock ticks in 10 ms, so lines within one tick may stand in another order than they happened.
for when, _, who, text in sorted(event for event in events if event[0] >= first):
    print("%8.3f  %-9s  %s" % (when - first, who, text))

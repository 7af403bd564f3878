"""one-by-one.py DEVICE ARRAY_STATE COUNT PAUSE_MS: COUNT times: waits until ARRAY_STATE is clean, then PAUSE_MS, and writes one
block past the page cache: each is a first write, which waits for the supervisor. Says how many, and how many milliseconds they took,
the median and the longest; and as they happen those that took more than 1 s, and waits for clean of more than 5 s. Exit status 1
when a write fails or nothing is clean within a minute."""
import mmap
import os
import sys
import time

device, path, count, pause = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) / 1000
target = os.open(device, os.O_WRONLY | os.O_DIRECT | os.O_DSYNC)
state = os.open(path, os.O_RDONLY)
buffer = mmap.mmap(-1, 4096)


def told(text):
    now = time.time()
    print(f"{time.strftime('%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d} {text}", flush=True)


times = []
for number in range(count):
    begin = time.monotonic()
    while os.pread(state, 100, 0) != b"clean\n":
        if time.monotonic() - begin > 60:
            told(f"write {number}: not clean within a minute: {os.pread(state, 100, 0)}")
            sys.exit(1)
        time.sleep(0.005)
    if time.monotonic() - begin > 5:
        told(f"write {number}: clean after {time.monotonic() - begin:.1f} s")
    time.sleep(pause)
    begin = time.monotonic()
    if os.pwrite(target, buffer, 4096 * (number % 1000)) != 4096:
        sys.exit("short write")
    times.append((time.monotonic() - begin) * 1000)
    if times[-1] > 1000:
        told(f"write {number} took {times[-1]:.0f} ms")
times.sort()
print(f"{len(times)} writes, median {times[len(times) // 2]:.1f} ms, longest {times[-1]:.1f} ms")

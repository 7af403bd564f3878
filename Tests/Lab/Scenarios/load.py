"""load.py DEVICE REFERENCE SEED STOP [MAX_PAUSE_MS]: writes random blocks at random places of DEVICE, past the page cache, and the
same into the file REFERENCE, with pauses in which the array becomes clean, until the file STOP exists. Prints how many, and how many
milliseconds they took: the median and the longest; and each that took more than 100 ms, with the time of day when it ended."""
import mmap
import os
import random
import sys
import time

device, reference, seed, stop = sys.argv[1:5]
longest = float(sys.argv[5]) / 1000 if len(sys.argv) > 5 else 0.3
chance = random.Random(int(seed))
target = os.open(device, os.O_WRONLY | os.O_DIRECT | os.O_DSYNC)
copy = os.open(reference, os.O_WRONLY)
size = os.fstat(copy).st_size
buffer = mmap.mmap(-1, 1 << 17)
times = []
while not os.path.exists(stop):
    for _ in range(chance.randint(1, 8)):
        length = 4096 * chance.randint(1, 32)
        offset = 4096 * chance.randint(0, (size - length) // 4096)
        data = os.urandom(length)
        buffer[:length] = data
        begin = time.monotonic()
        if os.pwrite(target, memoryview(buffer)[:length], offset) != length:
            sys.exit("short write")
        times.append((time.monotonic() - begin) * 1000)
        if times[-1] > 100:
            now = time.time()
            print(f"{time.strftime('%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d} took {times[-1]:.0f} ms", flush=True)
        os.pwrite(copy, data, offset)
    time.sleep(chance.random() * longest)
times.sort()
print(f"{len(times)} writes, median {times[len(times) // 2]:.1f} ms, longest {times[-1]:.1f} ms" if times else "no writes")

"""races.py WAY ROUNDS SEED CONTAINER ARRAY DISK...: the rounds of races.sh. Two threads write blocks of their own at random places,
past the page cache, with pauses in which the array becomes clean; what they wrote is remembered and compared at the end. Says how
each tenth round was; ends with status 1 and the reason when something is not as it should be."""
import json, mmap, os, random, signal, socket, struct, subprocess, sys, threading, time

way, rounds, seed, container, array = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
disks = [os.path.basename(disk) for disk in sys.argv[6:]]
within = int(os.environ.get("WITHIN", 1 << 30))
chance = random.Random(seed)
MD = f"/sys/block/{array}/md"
LOG = os.environ["ACTORRAID_LOG"]
BLOCK, WRITERS, LIMIT = 4096, 2, 60


def fail(*text):
    print("FAILED:", *text, flush=True)
    os._exit(1)


def read(name):
    with open(f"{MD}/{name}") as file:
        return file.read().strip()


def until(what, condition):
    """Waits until the condition is true; fails after LIMIT seconds."""
    deadline = time.monotonic() + LIMIT
    while not (found := condition()):
        if time.monotonic() > deadline:
            found = ", ".join(f"{name} {read(name)}" for name in ("array_state", "sync_action", "degraded"))
            fail(f"round {number}: not within {LIMIT} s: {what}; {found}")
        time.sleep(0.01)
    return found


class Writer(threading.Thread):
    """Writes blocks whose number divided by WRITERS leaves its own number."""

    def __init__(self, own):
        super().__init__(daemon=True)
        self.own, self.chance = own, random.Random(seed + own)
        self.target = os.open(f"/dev/{array}", os.O_RDWR | os.O_DIRECT | os.O_DSYNC)
        self.blocks = os.lseek(self.target, 0, os.SEEK_END) // BLOCK
        self.buffer = mmap.mmap(-1, BLOCK)
        self.known, self.ended, self.longest = {}, 0, 0
        self.may, self.idle = threading.Event(), threading.Event()

    def write(self):
        block = self.chance.randrange(self.own, self.blocks, WRITERS)
        data = self.chance.randbytes(BLOCK)
        self.buffer[:] = data
        begin = time.monotonic()
        try:
            if os.pwrite(self.target, self.buffer, block * BLOCK) != BLOCK:
                fail(f"round {number}: a short write")
        except OSError as error:
            fail(f"round {number}: a write failed: {error}")
        self.known[block] = data
        self.longest = max(self.longest, time.monotonic() - begin)
        self.ended += 1

    def run(self):
        while True:
            if not self.may.is_set():
                self.idle.set()
                self.may.wait()
                self.idle.clear()
            for _ in range(self.chance.randint(1, 4)):
                self.write()
            # Around safe_mode_delay: now and then the next write meets md as it makes the array clean.
            time.sleep(self.chance.choice((0, 0.06, 0.1, 0.2, 0.3)))

    def compare(self):
        for block, data in self.known.items():
            os.preadv(self.target, [self.buffer], block * BLOCK)
            if self.buffer[:] != data:
                fail(f"block {block} is not what was written")


def whole(disk):
    """The metadata of a disk, checked; None when it is torn or none."""
    descriptor = os.open(f"/dev/{disk}", os.O_RDONLY | os.O_DIRECT)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        area = mmap.mmap(-1, 1 << 16)
        os.preadv(descriptor, [area], size - len(area))
    finally:
        os.close(descriptor)
    anchor = area[-1024:-512]
    length = struct.unpack_from("<I", anchor, 36)[0]
    if not anchor.startswith(b"Intel Raid ISM Cfg Sig. ") or not 512 <= length <= 1 << 15:
        return None
    rest = -(-(length - 512) // 512) * 512
    image = (anchor + area[-1024 - rest:-1024])[:length]
    words = struct.unpack(f"<{length // 4}I", image)
    return image if (sum(words) - words[8]) & 0xFFFFFFFF == words[8] else None


def legs():
    slots = [f"{MD}/rd{slot}" for slot in range(int(read("raid_disks")))]
    return [os.path.basename(os.path.realpath(f"{slot}/block")) for slot in slots if os.path.exists(slot)]


def same():
    images = [whole(leg) for leg in legs()]
    return None not in images and len(set(images)) == 1 and len(images) == int(read("raid_disks"))


def supervisor():
    """The process that supervises the container."""
    with open(f"/run/mdadm/{container}.pid") as file, open(f"/proc/{file.read().strip()}/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith("Tgid:")))


def gone(process):
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, text=True)
    if done.returncode:
        fail(f"round {number}: {' '.join(command)} ended with status {done.returncode}: {done.stdout.strip()}")
    return done.stdout


def kill():
    process = supervisor()
    os.kill(process, signal.SIGKILL)
    time.sleep(chance.random() * 0.1)
    until(f"process {process} has ended", lambda: gone(process))
    run("mdmon", container)


def handoff():
    before = supervisor()
    run("mdmon", "--all", "--takeover")
    if supervisor() == before:
        fail(f"round {number}: process {before} still supervises")
    until(f"process {before} has ended", lambda: gone(before))


def lose():
    """A disk fails within a few milliseconds of a first write."""
    pause()
    until("clean", lambda: read("array_state") == "clean")
    lost = chance.choice(legs())
    with open(f"{MD}/dev-{lost}/state", "w") as state:
        go()
        time.sleep(chance.random() * 0.01)
        state.write("faulty")
    until(f"{lost} is removed", lambda: not os.path.exists(f"{MD}/dev-{lost}"))
    until("rebuilt", lambda: read("degraded") == "0" and read("sync_action") == "idle")
    run("mdadm", "--remove", f"/dev/{container}", f"/dev/{lost}")
    run("mdadm", "--zero-superblock", f"/dev/{lost}")
    run("udevadm", "settle")
    run("mdadm", "--add", f"/dev/{container}", f"/dev/{lost}")


def ask():
    """Who asks again and again how it stands; ends the script when nobody answers."""
    while True:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(LIMIT)
            client.connect("/run/actorraid/control.sock")
            client.sendall(b'{"version":1,"ask":"status"}\n')
            with client.makefile() as answer:
                told = json.loads(answer.readline())
        if told["status"]["health"] != "ok":
            fail(f"round {number}: health is {told['status']['health']}: {told}")
        asked[0] += 1


def status():
    before = asked[0]
    time.sleep(0.3)
    until("somebody is answered", lambda: asked[0] > before)


def go():
    for writer in writers:
        writer.may.set()


def pause():
    for writer in writers:
        writer.may.clear()
    for writer in writers:
        until(f"writer {writer.own} has come to the end of its write", writer.idle.is_set)


number, asked, told = 0, [0], 0
writers = [Writer(own) for own in range(WRITERS)]
for writer in writers:
    writer.start()
if way == "status":
    for _ in range(3):
        threading.Thread(target=ask, daemon=True).start()
act = {"kill": kill, "handoff": handoff, "fail": lose, "status": status}[way]
began = time.monotonic()
for number in range(1, rounds + 1):
    before = sum(writer.ended for writer in writers)
    go()
    time.sleep(chance.random() * 0.3)
    act()
    until("a write ends", lambda: sum(writer.ended for writer in writers) > before)
    pause()
    until("clean", lambda: read("array_state") == "clean")
    until("the metadata of all legs is whole and the same", same)
    if read("degraded") != "0" or read("sync_action") != "idle":
        fail(f"round {number}: degraded {read('degraded')}, sync_action {read('sync_action')}")
    with open(LOG) as log:
        lines = log.readlines()
    for line in lines[told:]:
        if " error " in line:
            fail(f"round {number}: an error was told: {line}")
    told = len(lines)
    isLast = number == rounds or time.monotonic() - began > within
    if number % 10 == 0 or isLast:
        ended, longest = sum(writer.ended for writer in writers), max(writer.longest for writer in writers)
        print(f"round {number} after {time.monotonic() - began:.0f} s: {ended} writes, the longest {1000 * longest:.0f} ms"
              + (f", asked {asked[0]} times" if asked[0] else ""))
    if isLast:
        break
for writer in writers:
    writer.compare()
print(f"{number} rounds of {way}: nothing lost")
os._exit(0)

"""freeze.py PID NAME FLAG [DEVICE]: stops the thread of that name (by ptrace, as a debugger would; the others run on),
makes FLAG, and lets the thread go when FLAG is gone, or ends when somebody has killed the process. With DEVICE,
which the process has open and which hangs, the thread is not stopped: it waits in the kernel meanwhile, in a call
for that device that we have it make. Its own call it makes again afterwards."""
import ctypes, os, sys, time

CONTINUE_TO_CALL, GETREGS, SETREGS, DETACH, SETOPTIONS, SEIZE, INTERRUPT = 24, 12, 13, 17, 0x4200, 0x4206, 0x4207
ALL, FDATASYNC = 0x40000000, 75
# struct user_regs_struct of x86-64, in words.
RAX, RDI, ORIG_RAX, RIP, WORDS = 10, 14, 15, 16, 27
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, data=None):
    if libc.ptrace(request, thread, None, data) < 0:
        sys.exit(f"ptrace {request:#x} of {thread}: {os.strerror(ctypes.get_errno())}")


def wait():
    if os.waitpid(thread, ALL)[0] != thread:
        sys.exit(f"{thread} has ended")


def begin_call(device):
    """Has the thread call fdatasync. Returns its registers as they were in its own call."""
    number = next(fd for fd in os.listdir(f"/proc/{process}/fd") if os.readlink(f"/proc/{process}/fd/{fd}") == device)
    before, ours = (ctypes.c_ulong * WORDS)(), (ctypes.c_ulong * WORDS)()
    ptrace(GETREGS, before)
    ctypes.memmove(ours, before, ctypes.sizeof(before))
    # Its own call was the last two bytes.
    ours[RIP] -= 2
    ours[RAX], ours[ORIG_RAX], ours[RDI] = FDATASYNC, ctypes.c_ulong(-1).value, int(number)
    ptrace(SETREGS, ours)
    ptrace(CONTINUE_TO_CALL)
    wait()
    ptrace(CONTINUE_TO_CALL)
    return before


process, name, flag = sys.argv[1:4]
threads = {t: open(f"/proc/{process}/task/{t}/comm").read().strip() for t in os.listdir(f"/proc/{process}/task")}
found = [int(t) for t, its in threads.items() if its == name]
if len(found) != 1:
    sys.exit(f"threads called {name}: {found} of {sorted(threads.values())}")
thread = found[0]
ptrace(SEIZE)
ptrace(INTERRUPT)
wait()
before = begin_call(sys.argv[4]) if len(sys.argv) > 4 else None
open(flag, "w").close()
while os.path.exists(flag):
    if os.waitpid(thread, ALL | os.WNOHANG) != (0, 0):
        sys.exit(f"{thread} has ended, or its call has")
    time.sleep(0.05)
if before:
    wait()
    before[RIP] -= 2
    before[RAX], before[ORIG_RAX] = before[ORIG_RAX], ctypes.c_ulong(-1).value
    ptrace(SETREGS, before)
ptrace(DETACH)

"""freeze.py PID NAME FLAG: stops the thread of that name (by ptrace, as a debugger would; the others run on), makes FLAG, and lets the
thread go when FLAG is gone, or ends when somebody has killed the process."""
import ctypes, os, sys, time

SEIZE, INTERRUPT, DETACH, ALL = 0x4206, 0x4207, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) < 0:
        sys.exit(f"ptrace {request:#x} of {thread}: {os.strerror(ctypes.get_errno())}")


process, name, flag = sys.argv[1:]
threads = [int(t) for t in os.listdir(f"/proc/{process}/task") if open(f"/proc/{process}/task/{t}/comm").read().strip() == name]
if len(threads) != 1:
    sys.exit(f"threads called {name}: {threads}")
ptrace(SEIZE, threads[0])
ptrace(INTERRUPT, threads[0])
os.waitpid(threads[0], ALL)
open(flag, "w").close()
while os.path.exists(flag):
    if os.waitpid(threads[0], ALL | os.WNOHANG) != (0, 0):
        sys.exit()
    time.sleep(0.05)
ptrace(DETACH, threads[0])
